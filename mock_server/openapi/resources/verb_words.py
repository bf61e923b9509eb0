"""The word that an operation says of itself: the verb of its operationId, or of its summary."""

from __future__ import annotations

from collections.abc import Mapping

from mock_server.core.value_class import value_class
from mock_server.openapi.resources.model import Verb
from mock_server.openapi.resources.names import vocabulary, words_of

_READING: tuple[Verb, ...] = ("read", "list", "view", "singleton-read", "export")
_SUPPORTED: Mapping[str, tuple[Verb, ...]] = {
    "list all index browse enumerate": ("list", "singleton-read"),
    "search find query filter": ("list", "read"),
    "get retrieve fetch read show view describe lookup returns return check obtain": _READING,
    "download export": ("export", "view"),
    "create new insert register upload post make invite open draft generate provision": (
        "create",
        "singleton-write",
        "link",
    ),
    "add": ("create", "link", "singleton-write"),
    "update edit modify patch change rename save configure rewrite amend": ("update", "singleton-write"),
    "replace": ("update", "singleton-write", "link"),
    "put": ("update", "singleton-write", "create", "link"),
    "set upsert": ("update", "singleton-write", "create", "link"),
    "delete destroy discard clear unset erase": ("delete", "unlink"),
    "remove": ("delete", "unlink"),
    "attach assign star follow subscribe enable block join associate grant link pin allow": (
        "link",
        "create",
        "singleton-write",
    ),
    "approve accept": ("link", "singleton-write"),
    "detach unassign unstar unfollow unsubscribe disable unblock leave disassociate unlink unpin disallow dissociate": (
        "unlink",
        "singleton-write",
        "delete",
    ),
    "cancel revoke archive close suspend deactivate terminate void expire reject decline": ("transition",),
}
SUPPORTED: Mapping[str, tuple[Verb, ...]] = {
    word: verbs for listed, verbs in _SUPPORTED.items() for word in listed.split()
}
"""The verbs of the model that a word speaks for."""

ENDING = vocabulary("cancel revoke archive close suspend deactivate terminate void expire end stop")
"""Words that end something which stays there to be seen."""
COPYING = frozenset({"create", "copy", "clone", "fork", "duplicate", "instantiate"})
"""Words of a POST below an item that makes another item of the same kind."""
CALLER = frozenset({"me", "@me", "self", "current", "~", "whoami"})
"""Last segments of a path that finds the caller's own record."""
_FILLERS = vocabulary("a an the one to of for this your user api v1 v2 beta preview legacy deprecated")


@value_class
class VerbWord:
    """A word and the verbs that it speaks for; none for a word that is not of the vocabulary."""

    word: str = ""
    verbs: tuple[Verb, ...] = ()


def verb_word(method: str, operation_id: str | None, summary: str, nouns: frozenset[str] = frozenset()) -> VerbWord:
    """Return the verb of an operation's name.

    The summary comes first where the operationId begins with the method, which then says nothing of its own
    (``GetCustomersCustomer``, "Retrieve a customer"). ``nouns`` are plurals of the path in the singular: of
    ``invite_revoke`` at ``/invites/{code}`` the first word is no verb.
    """
    identifier = operation_id or ""
    words = words_of(identifier)
    begins_with_method = bool(words) and words[0] == method.lower()
    summarized = _leading(words_of(summary))
    if (not words or begins_with_method) and summarized.word:
        return summarized
    return _named(identifier, nouns) if words else summarized


def _leading(words: tuple[str, ...]) -> VerbWord:
    """Return the first word of a sentence, where that is a verb: ``Retrieve a customer``, ``Lists all customers``."""
    for word in words[:1]:
        for form in (word, word.removesuffix("s"), word.removesuffix("es")):
            if form in SUPPORTED:
                return VerbWord(form, SUPPORTED[form])
        return VerbWord(word)
    return VerbWord()


def _named(identifier: str, nouns: frozenset[str]) -> VerbWord:
    """Return the verb of an operationId: its action's first word (``customers:create_external``), or its last.

    ``droplets_list`` has it at the end, ``GetGuild`` at the start; elsewhere the first known word counts.
    """
    parts = [part for part in identifier.replace(":", "/").replace(".", "/").split("/") if part]
    for ignored in (nouns, frozenset[str]()):
        for part in reversed(parts):
            word = _verb_in([word for word in words_of(part) if word not in _FILLERS], ignored)
            if word:
                return VerbWord(word, SUPPORTED[word] + _alternative(words_of(part)))
    words = [*words_of(parts[-1] if parts else "")]
    return VerbWord(words[0] if words else "")


def _verb_in(words: list[str], ignored: frozenset[str]) -> str:
    """Return the first word, the last, or any other that is a known verb; empty for none. ``as read`` says nothing."""
    for index in (0, *range(len(words) - 1, 0, -1)) if words else ():
        word: str = words[index]
        if word in SUPPORTED and word not in ignored and (index == 0 or words[index - 1] != "as"):
            return word
    return ""


def _alternative(words: tuple[str, ...]) -> tuple[Verb, ...]:
    """Return the verbs of the other word in ``create or update``."""
    for index, word in enumerate(words[1:-1], 1):
        if word in ("or", "and") and words[index - 1] in SUPPORTED and words[index + 1] in SUPPORTED:
            return SUPPORTED[words[index - 1]] + SUPPORTED[words[index + 1]]
    return ()
