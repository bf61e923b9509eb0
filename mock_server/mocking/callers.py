"""Who a request is from: the records of a world that a token selects, and whether it is a token there at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mock_server.core.diagnostics import Diagnostic
from mock_server.mocking.record_factory import RecordFactory
from mock_server.openapi.extensions import MockExtensions, TokenRecords
from mock_server.openapi.model import Contract
from mock_server.openapi.security import Credentials
from mock_server.storage import Absence, Record, Store
from mock_server.worlds.state.identity import text_of
from mock_server.worlds.state.listing.comparison import moment_of
from mock_server.worlds.state.world_records import WorldRecords
from mock_server.worlds.world import World

if TYPE_CHECKING:
    from mock_server.worlds.state.resource_state import StateModel


class UnknownTokenError(Exception):
    """Raised for a token of a kind that there is, which no record of the world has, or whose time is over.

    The message says which, as what was found.
    """


def findings_of_token(credentials: Credentials, extensions: MockExtensions, trouble: str = "") -> tuple[Diagnostic]:
    """Return why a request gets the failure of its token. No token is shown, but for a suffix that is reserved.

    ``trouble`` is what was found of a token that no record has.
    """
    kind, suffix = credentials.kind, credentials.suffix
    remedy = ""
    if trouble:
        found, expected = trouble, "one that a record of this world has"
    elif kind is None:
        prefixes = [f"{entry.prefix}..." for entry in extensions.tokens if entry.schemes][:_MOST_PREFIXES]
        found, expected = "a token of no kind that the contract knows", f"one such as {', '.join(prefixes)}"
    else:
        found, expected = f"a token with the reserved suffix {suffix}", "another suffix for the usual answer"
        remedy = f"It always gets {credentials.failure}."
    return (Diagnostic("token", "header authorization", found, expected, "", remedy),)


_MOST_PREFIXES = 8
"""Most kinds of tokens that a message names."""


def selects_records(contract: Contract, credentials: Credentials) -> bool:
    """Tell whether the records that a token selects are looked up: where data says who owns what, or has tokens."""
    kind = credentials.kind
    if kind is None or kind.selects is None or credentials.suffix in contract.extensions.suffixes:
        return False
    return kind.through is not None or any(
        correction.owner == kind.selects for correction in contract.extensions.corrections.values()
    )


class Callers:
    """Finds the records that tokens select. ``factories`` make those of resources that have pins, by name."""

    def __init__(
        self,
        model: StateModel,
        store: Store,
        factories: Mapping[str, RecordFactory],
        seed: int,
        *,
        is_strict: bool,
    ) -> None:
        self._model = model
        self._store = store
        self._factories = factories
        self._seed = seed
        self._is_strict = is_strict

    def records(self, credentials: Credentials, world: World) -> tuple[Record, ...]:
        """Return the record that a token selects, and after it the one that has the token, where there is one.

        A token that clients have created comes first, then the handle or the key of a record, then a value that a pin
        may have. Any other selects a record of its own; where the mode is strict, it is none. Raises
        :class:`UnknownTokenError` and :class:`StoreError`.
        """
        kind, suffix = credentials.kind, credentials.suffix
        assert kind is not None
        assert kind.selects is not None
        records = WorldRecords(self._model, world.store(self._store))
        if kind.through is not None and credentials.token:
            holder = records.find(kind.through.resource, kind.through.member, credentials.token)
            if holder is not None:
                return self._of_holder(holder, kind.through, kind.selects, records, world.now())
        selected = world.store(self._store).get(kind.selects, suffix)
        if selected is None:
            primary = self._model.resource(kind.selects).identity.primary
            selected = records.find(kind.selects, primary.member, suffix) if primary is not None else None
        return (selected if selected is not None else self._made_up(kind.selects, suffix, records),)

    def _of_holder(
        self, holder: Record, through: TokenRecords, resource: str, records: WorldRecords, now: float
    ) -> tuple[Record, ...]:
        end = moment_of(holder.value.get(through.expires)) if through.expires else None
        selected = records.related(resource, text_of(holder.value.get(through.relation)))
        if end is not None and end <= now:
            raise UnknownTokenError("a token that has expired by the clock of this world")
        if not isinstance(selected, Record):
            raise UnknownTokenError(f"a token whose record of {resource} is gone")
        return (selected, holder)

    def _made_up(self, resource: str, suffix: str, records: WorldRecords) -> Record:
        """Return the record that a token has for itself, as the world has it by now."""
        factory = self._factories.get(resource)
        pins = factory.pins_named(suffix) if factory is not None else {}
        if self._is_strict and not pins:
            raise UnknownTokenError(f"a token that no record of {resource} has")
        state = self._model.resource(resource)
        made = factory.value(suffix, self._seed, pins) if factory is not None else None
        if not isinstance(made, dict):
            return state.made_up(state.identity.primary, suffix, {})
        key = state.identity.key_text(made, {}) or suffix
        known = records.related(resource, key)
        if known is Absence.DELETED:
            raise UnknownTokenError(f"a token whose record of {resource} was deleted")
        return known if isinstance(known, Record) else Record(resource, state.identity.handle(key, {}), made)
