"""The parts of a control request that take long: each is done in a thread, and the request is then begun anew.

A function of control changes the state of a world on the event loop alone, where nobody else changes it meanwhile. What
it has to know before (a body read, a record judged, a scenario rehearsed) or says in the end (a large document) is an
errand: a call that changes nothing. Where one takes long, :class:`BackgroundCall` goes up to who has a thread for it;
with its outcome at hand the function begins anew, and sees the world as it is by then.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, TypeVar, cast

from mock_server.core.deadline import PATIENCE, DeadlineExceeded, within
from mock_server.core.value_class import value_class

_T = TypeVar("_T")


class BackgroundCall(BaseException):
    """A call that takes longer than others should wait.

    Not an :class:`Exception`: who makes the best of whatever goes wrong must not take this for it.
    """

    def __init__(self, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        super().__init__(work)
        self.work = work
        self.arguments = arguments


@value_class
class _Outcome:
    """What came of an errand: what it returned, or raised."""

    errand: BackgroundCall
    value: Any = None
    error: Exception | None = None


class BackgroundCalls:
    """The errands of one request, with the outcomes of those that were done.

    Where nobody ``waits`` on the same thread, each is done at once.
    """

    def __init__(self, *, waits: bool = False) -> None:
        self._waits = waits
        self._outcomes: list[_Outcome] = []

    def run(self, work: Callable[..., _T], *arguments: object, is_long: bool = False) -> _T:
        """Return what a call returns, which changes nothing; raises what it raises.

        It is done once, however often the request is begun anew. One that surely ``is_long`` is not begun where others
        wait: :class:`BackgroundCall` goes up instead.
        """
        outcome = self._known(work, arguments)
        if outcome is None:
            errand = BackgroundCall(work, arguments)
            if self._waits and is_long:
                raise errand
            try:
                with within(PATIENCE) if self._waits else nullcontext():
                    outcome = self._outcome(errand)
            except DeadlineExceeded:
                raise errand from None
        if outcome.error is not None:
            raise outcome.error
        return cast("_T", outcome.value)

    def do(self, errand: BackgroundCall) -> None:
        """Do an errand in a thread, with all errands that it has itself."""
        waits, self._waits = self._waits, False
        try:
            self._outcome(errand)
        finally:
            self._waits = waits

    def _outcome(self, errand: BackgroundCall) -> _Outcome:
        """Return what comes of an errand; what it raises is raised when it is asked for again."""
        try:
            outcome = _Outcome(errand, errand.work(*errand.arguments))
        except Exception as error:
            outcome = _Outcome(errand, None, error)
        self._outcomes.append(outcome)
        return outcome

    def _known(self, work: Callable[..., Any], arguments: tuple[Any, ...]) -> _Outcome | None:
        same = (
            outcome
            for outcome in self._outcomes
            if outcome.errand.work == work and outcome.errand.arguments == arguments
        )
        return next(same, None)
