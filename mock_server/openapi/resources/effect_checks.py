"""Check that what the effects of operations name is there: resources, members, relations, failures, webhooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass

from mock_server.core.errors import ContractError
from mock_server.core.json_pointer import mapping_at, pointer_of
from mock_server.core.text import did_you_mean
from mock_server.openapi.effects.effect_names import ABSENT, EFFECTS
from mock_server.openapi.effects.steps import (
    AnswerMembers,
    CreateRecord,
    DeleteRecord,
    ForEach,
    Refuse,
    RemoveMembers,
    RunLater,
    SendEvents,
    SetMembers,
    Step,
)
from mock_server.openapi.effects.values import ITEM, Place, RecordSelection
from mock_server.openapi.failure_extensions import FAILURES
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.model import READING, InferredResource, Verb, Verdict
from mock_server.openapi.resources.operation_site import OperationSite
from mock_server.openapi.resources.resource_correction import ResourceCorrector

CHANGING: frozenset[Verb] = frozenset({"create", "update", "delete", "transition", "singleton-write"})
"""The verbs of operations that may have effects."""
STATE_FAILURES = ("no_such_record", "conflict", "relation_missing")
"""The failures of operations that keep state, beside those of the server."""
Environment = dict[str, str]
"""The resources of the records that have names, empty for what is no record."""


class EffectChecks:
    """Checks the effects of each operation of a contract, by its corrected resources."""

    def __init__(
        self,
        contract: Contract,
        corrector: ResourceCorrector,
        verdicts: Mapping[str, Verdict],
        resources: Mapping[str, InferredResource],
    ) -> None:
        self.contract = contract
        self.corrector = corrector
        self.resources = resources
        self._verdicts = verdicts
        self.webhooks = (*mapping_at(contract.document, "webhooks"), *mapping_at(contract.document, "x-webhooks"))
        """The names of the contract's webhooks."""

    def check(self, site: OperationSite) -> None:
        """Check the effects of an operation; raises :class:`ContractError` for what cannot work.

        A member that nothing describes is a finding, as it is where resources are corrected.
        """
        operation = site.operation
        if not operation.effects:
            return
        verdict = self._verdicts[operation.key]
        where = f"{operation.pointer}/{EFFECTS}"
        if verdict.verb not in CHANGING | READING or not verdict.is_sure or verdict.resource is None:
            actual = f"effects of an operation that keeps no state ({verdict.claim})"
            expected = "x-mock-does (create, update, delete, transition, view) and x-mock-resource beside them"
            raise self.corrector.refusal(where, actual, expected)
        for step in operation.effects if verdict.verb in READING else ():
            if not isinstance(step, (Refuse, AnswerMembers)):
                actual = f"a step that changes something, of an operation that does not ({verdict.claim})"
                raise self.corrector.refusal(
                    step.place, actual, "refuse or answer; or x-mock-does (transition) and x-mock-resource beside them"
                )
        environment = {"record": verdict.resource, "token": self._holder}
        _OperationChecks(self, site, verdict.resource).steps(operation.effects, environment)

    def check_absent(self, site: OperationSite) -> None:
        """Check what an operation says of records that are not there; raises :class:`ContractError`."""
        known = (*self.contract.extensions.failures, *FAILURES, *STATE_FAILURES)
        for resource, failure in site.operation.absent.items():
            where = f"{site.operation.pointer}{pointer_of(ABSENT, resource)}"
            self.corrector.known_resource(resource, where)
            if failure not in known:
                actual = f"the failure {failure!r}{did_you_mean(failure, known)}"
                raise self.corrector.refusal(where, actual, "a name of x-mock-failures")

    @property
    def _holder(self) -> str:
        """The resource whose records have tokens; empty where there are several, or none."""
        kinds = self.contract.extensions.tokens
        holders = {kind.through.resource for kind in kinds if kind.through is not None}
        return holders.pop() if len(holders) == 1 else ""

    def members(self, resource: str) -> Sequence[str]:
        """Return the members that records of a resource may have."""
        return [*self.corrector.members_of(resource)]


class _OperationChecks:
    """Checks the steps of one operation."""

    def __init__(self, checks: EffectChecks, site: OperationSite, resource: str) -> None:
        self._checks = checks
        self._corrector = checks.corrector
        self._site = site
        self._resource = resource

    def steps(self, steps: Sequence[Step], environment: Environment) -> None:
        """Check steps, of which later ones know the records that earlier ones name."""
        for step in steps:
            self._step(step, environment)
            if isinstance(step, CreateRecord) and step.name:
                environment = {**environment, step.name: step.resource}

    def _step(self, step: Step, environment: Environment) -> None:
        self._values(step, environment, step.place)
        where = step.place
        if isinstance(step, Refuse):
            known = (*self._checks.contract.extensions.failures, *FAILURES, *STATE_FAILURES)
            self._known("failure", step.failure, known, f"{where}/refuse/failure", "a name of x-mock-failures")
        elif isinstance(step, SendEvents):
            for index, name in enumerate(step.types):
                webhooks = self._checks.webhooks
                self._known("webhook", name, webhooks, f"{where}/send/{index}", "a webhook of the contract")
        elif isinstance(step, AnswerMembers):
            self._answered([member for member, _ in step.members if member], f"{where}/answer")
        elif isinstance(step, (SetMembers, RemoveMembers)):
            word = "set" if isinstance(step, SetMembers) else "remove"
            members = (member for member, _ in step.members) if isinstance(step, SetMembers) else step.members
            self._changed([*members], self._resource_at(step.target, environment, where), f"{where}/{word}")
        elif isinstance(step, CreateRecord):
            self._corrector.known_resource(step.resource, f"{where}/create/resource")
            self._described([member for member, _ in step.members], step.resource, f"{where}/create/with")
        elif isinstance(step, DeleteRecord):
            self._resource_at(step.target, environment, where)
        elif isinstance(step, ForEach):
            self.steps(step.steps, {**environment, step.name: step.selection.resource})
        elif isinstance(step, RunLater):
            self.steps(step.steps, environment)

    def _values(self, node: object, environment: Environment, where: str, item: str = "") -> None:
        """Check the pointers of the values and conditions of a step, not those of steps within it.

        ``item`` is the resource of the records that a selection goes through.
        """
        if isinstance(node, Place):
            self._place(node, environment, where, item)
        elif isinstance(node, RecordSelection):
            if node.resource:
                self._corrector.known_resource(node.resource, where)
                self._described([node.member] if node.member else [], node.resource, where)
            self._values(node.items, environment, where, item)
            self._values(node.where, environment, where, node.resource)
        else:
            for part in _parts(node):
                self._values(part, environment, where, item)

    def _place(self, place: Place, environment: Environment, where: str, item: str) -> None:
        head, *rest = place.parts
        if head == "request":
            self._request(rest, where)
        elif head == ITEM:
            self._described([tuple(rest)] if item else [], item, where)
        elif head == "answer":
            self._answered([tuple(rest)] if rest else [], where)
        elif head != "caller":
            resource, members = self._followed(place, environment, where)
            self._described([members] if members and resource else [], resource, where)

    def _request(self, parts: Sequence[str], where: str) -> None:
        """Check a pointer into the request: parameters by their names, the body by its members."""
        site = self._site
        body = () if site.body is None else tuple(site.body.members)
        known = {"path": site.path.parameters, "query": [parameter.name for parameter in site.query()], "body": body}
        place, *name = parts
        if place == "body" and not (name and body):
            return
        if name[0] not in known[place]:
            actual = f"{pointer_of('request', *parts)!r}{did_you_mean(name[0], known[place])}"
            expected = "a member of the body" if place == "body" else f"a {place} parameter of the operation"
            self._note_or_refuse(where, actual, expected, is_fatal=place != "body")

    def _resource_at(self, place: Place, environment: Environment, where: str) -> str:
        """Return the resource of the record that a pointer names; empty where that is not known."""
        if place.parts[0] in ("caller", "token") and len(place.parts) == 1:
            return ""
        resource, _ = self._followed(place, environment, where)
        if not resource and place.parts[0] not in ("caller", "token"):
            raise self._corrector.refusal(where, f"{str(place)!r}, which is no record", "a record")
        return resource

    def _followed(self, place: Place, environment: Environment, where: str) -> tuple[str, tuple[str, ...]]:
        """Return the resource that the relations of a pointer lead to, and the parts that lead into its record."""
        head, *rest = place.parts
        resource = self._resource if head == "before" else environment.get(head, "")
        while resource and rest[:1] == ["related"]:
            if len(rest) == 1:
                raise self._corrector.refusal(where, repr(str(place)), "a relation after related")
            relations = {relation.member: relation.resource for relation in self._checks.resources[resource].relations}
            if rest[1] not in relations:
                actual = f"{str(place)!r}{did_you_mean(rest[1], relations)}"
                expected = f"a relation of {resource}: {', '.join(relations) or 'it has none'}"
                raise self._corrector.refusal(where, actual, expected)
            resource, rest = relations[rest[1]], rest[2:]
        return resource, tuple(rest)

    def _changed(self, members: Sequence[tuple[str, ...]], resource: str, where: str) -> None:
        """Check the members that a step changes: the key by which a record is kept stays."""
        if not resource:
            return
        key = next(iter(self._checks.resources[resource].keys), None)
        for member in members:
            if key is not None and member == (key.member,):
                actual = f"{pointer_of(*member)!r}, the key of {resource}"
                raise self._corrector.refusal(where, actual, "another member: the key of a record stays")
        self._described(members, resource, where)

    def _described(self, members: Sequence[tuple[str, ...]], resource: str, where: str) -> None:
        """Note members that nothing describes."""
        known = self._checks.members(resource) if members else ()
        for member in members:
            if known and member and member[0] not in known:
                actual = f"{pointer_of(*member)!r}{did_you_mean(member[0], known)}"
                self._note_or_refuse(where, actual, f"a member of {resource}", is_fatal=False)

    def _answered(self, members: Sequence[tuple[str, ...]], where: str) -> None:
        """Note members of an answer that nothing describes."""
        known = self._corrector.answered(self._site)
        for member in members:
            if known and member[0] not in known:
                actual = f"{pointer_of(*member)!r}{did_you_mean(member[0], known)}"
                self._note_or_refuse(where, actual, "a member of the answer", is_fatal=False)

    def _known(self, noun: str, name: str, known: Sequence[str], where: str, expected: str) -> None:
        if name not in known:
            raise self._corrector.refusal(where, f"the {noun} {name!r}{did_you_mean(name, known)}", expected)

    def _note_or_refuse(self, where: str, actual: str, expected: str, *, is_fatal: bool) -> None:
        if is_fatal:
            error: ContractError = self._corrector.refusal(where, actual, expected)
            raise error
        self._corrector.note(where, actual, expected)


def _parts(node: object) -> Iterator[object]:
    """Yield the values and conditions within one, without the steps within a step."""
    if isinstance(node, tuple):
        yield from node
    elif is_dataclass(node):
        for field in fields(node):
            if field.name != "steps":
                yield getattr(node, field.name)
