"""What the name of a member says about it: a count, a flag of an ending, the state, a text that names the record."""

from __future__ import annotations

from mock_server.openapi.resources.names import vocabulary, words_of

_COUNTS = vocabulary("count counts usage used uses redeemed redemptions consumed occurrences attempts failures retries")
"""Last words of numbers that begin with nothing."""
_COUNTING = frozenset({("num",), ("number", "of"), ("times",)})
"""First words of numbers that begin with nothing."""
_USED = vocabulary("usage used consumed")
"""First words of numbers that begin with nothing: ``usage_bytes``."""
_STATES = vocabulary("status state phase stage")
_BEGINNINGS = (
    *("draft", "open", "pending", "active", "new", "created", "todo", "queued", "scheduled", "available", "enabled"),
    *("incomplete", "not_started", "requires_payment_method", "unpaid", "processing", "in_progress", "validating"),
)
"""States that things begin in, the likeliest first."""
_ENDINGS = vocabulary(
    "canceled cancelled cancellation cancelation cancel canceling deleted deletion delete removed archived archive"
    " ended ends end closed close closing revoked revocation revoke expired failed failure fail error errors rejected"
    " rejection declined decline dismissed dismissal refunded merged resolved completed finished paused suspended"
    " locked disabled deactivated banned blocked incomplete abandoned terminated retired sunset voided void"
    " discontinued withdrawn aborted"
)
"""Words of what is told only when something is over, or has gone wrong."""
_FLAGS = vocabulary(
    "deleted archived disabled removed revoked canceled cancelled closed banned suspended expired locked"
    " refunded disputed voided failed merged resolved completed finished rejected dismissed"
)
"""Adjectives of what a new thing is not."""
_GONE = vocabulary("deleted removed archived deletion archive discarded trashed purged")
"""Words of times that only a record has that is gone."""
_SECRETS = (("secret",), ("token",), ("api", "key"), ("access", "key"), ("private", "key"), ("password",))
"""Last words of the names of secrets."""
_ON = vocabulary("enabled active")
"""Adjectives of what a new thing is."""
_IS = vocabulary("is was has been")
_NAMES = ("slug", "login", "handle", "username", "name", "code", "key")
"""Members that name a record in a path by words."""
_TITLES = ("name", "title", "label", "display_name", "displayName", "username", "subject", "description", "email")
"""Members from which such names are made, the likeliest first."""


def is_count(name: str) -> bool:
    """Tell whether a number of that name counts from nothing: ``redemptions_count``, ``usage``, ``times_redeemed``."""
    words = words_of(name)
    return bool(words) and (
        words[-1] in _COUNTS or words[0] in _USED or words[:1] in _COUNTING or words[:2] in _COUNTING
    )


def is_flag_of_ending(name: str) -> bool:
    """Tell whether a boolean of that name is false for something new: ``deleted``, ``is_archived``."""
    words = [word for word in words_of(name) if word not in _IS]
    return len(words) == 1 and words[0] in _FLAGS


def is_flag_of_life(name: str) -> bool:
    """Tell whether a boolean of that name is true for something new: ``enabled``, ``is_active``."""
    words = [word for word in words_of(name) if word not in _IS]
    return len(words) == 1 and words[0] in _ON


def tells_of_ending(name: str) -> bool:
    """Tell whether a member of that name is told only once something is over: ``last_payment_error``, ``closed_by``."""
    return any(word in _ENDINGS for word in words_of(name))


def is_state(name: str) -> bool:
    """Tell whether a member of that name says in which state the record is: ``status``, ``payment_status``."""
    return words_of(name)[-1:] != () and words_of(name)[-1] in _STATES


def first_state(states: list[str]) -> str | None:
    """Return the state of a list that things begin in, or else the first: lists begin where things do."""
    by_name = {state.lower().replace("-", "_").replace(" ", "_"): state for state in states}
    known = next((by_name[state] for state in _BEGINNINGS if state in by_name), None)
    return known if known is not None else next(iter(states), None)


def is_reference(name: str) -> bool:
    """Tell whether a member of that name has the key of something else: ``payment_method_id``."""
    words = words_of(name)
    return len(words) > 1 and words[-1] in ("id", "ids")


def tells_of_removal(name: str) -> bool:
    """Tell whether a time of that name is told only of a record that is gone: ``deleted_at``."""
    return any(word in _GONE for word in words_of(name))


def is_secret(name: str) -> bool:
    """Tell whether a text of that name is a secret, which nobody can guess: ``client_secret``, ``access_token``."""
    words = words_of(name)
    return words[-1:] in _SECRETS or words[-2:] in _SECRETS


def is_spelt(name: str) -> bool:
    """Tell whether a key of that name is made of words, as slugs and logins are."""
    return name.lower() in _NAMES


def titles() -> tuple[str, ...]:
    """Return the names of members that say what a record is called, the likeliest first."""
    return _TITLES
