"""A claim about an operation, and how its witnesses make it a verdict."""

from __future__ import annotations

from mock_server.core.value_class import value_class
from mock_server.openapi.resources.model import STATEFUL, SentRecords, Verb, Verdict, Witness
from mock_server.openapi.resources.operation_site import OperationSite
from mock_server.openapi.resources.verb_words import ENDING, SUPPORTED


@value_class
class Claim:
    """What an operation seems to do. ``shape``, ``schema`` and ``doubts`` are reasons in words, empty for none.

    ``sends`` is where the records stand that are created at once.
    """

    verb: Verb
    resource: str | None = None
    key: str | None = None
    shape: str = ""
    schema: str = ""
    doubts: tuple[str, ...] = ()
    sends: SentRecords | None = None


def _is_end_of_record(site: OperationSite, claim: Claim) -> bool:
    """Tell whether an operation cancels or revokes, and answers nothing: a record that nobody sees again is deleted."""
    return claim.verb in ("delete", "unlink") and site.word.word in ENDING and site.answer.is_empty


def weigh(site: OperationSite, claim: Claim) -> Verdict:
    """Return the verdict on a claim: sure by two witnesses and no doubt; a verb without state needs one."""
    reasons = [claim.shape, claim.schema]
    witnesses: list[Witness] = []
    if claim.shape:
        witnesses.append("shape")
    if claim.schema:
        witnesses.append("schema")
    word, doubts = site.word, list(claim.doubts)
    if claim.verb in word.verbs:
        witnesses.append("word")
        reasons.append(f'"{word.word}"')
    elif claim.verb in STATEFUL and word.word in SUPPORTED and not (doubts or _is_end_of_record(site, claim)):
        doubts.append(f'its name says "{word.word}"')
    is_stateful = claim.verb in STATEFUL
    is_sure = not doubts and len(witnesses) >= (2 if is_stateful else 1)
    if is_stateful and not doubts and not is_sure:
        doubts.append("a second witness is missing")
    return Verdict(
        operation=site.operation.key,
        verb=claim.verb,
        resource=claim.resource,
        key=claim.key,
        witnesses=tuple(witnesses),
        reasons=tuple(reason for reason in (*reasons, *(f"but {doubt}" for doubt in doubts)) if reason),
        is_sure=is_sure,
        sends=claim.sends,
    )
