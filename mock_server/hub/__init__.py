"""What the processes of a server share, apart from records: one interface, and an engine for each way to run it.

``memory`` is for one process, ``sqlite`` for the workers of one machine: a private temporary file, ``valkey`` for
replicas: a Valkey or Redis server (6.2 or newer; not a cluster, since a script uses all keys of a world). Records are
in the store (``mock_server.storage``). Nothing above this package knows which engine there is (:class:`Hub`).

**Who decides.** Matching a request with scenarios stays in the process. It reads the scenarios of a world once for each
version of what is staged (``staging``) and asks ``decide`` with the version and the scenarios that match. The hub then
decides window, key and turn in one atomic round trip, in this order, or answers None: another version is staged, read
it again. What decides is data (:class:`AnswerRule`) and counters, so that it runs within the engine. The alternative,
to compute the turn in the process and compare-and-set how far the world has come, is one round trip only as long as
nobody else took a turn in between: with requests sprayed over N processes, N - 1 of N are made twice. Shares are drawn
from the seed, by the process (``Question.draw``); an engine that cannot call it is sent the draws of
:data:`BLOCK` requests.

**Who hears.** ``version`` is answered from the process's memory: 0 where nothing is staged, which is the fast path. Who
changes what is staged returns when the others can know. With SQLite the last version is in a page of memory that all
share, and who sees another than last time reads the versions again. Valkey publishes each change, and the changing
process publishes a question behind it, which every process answers when it has come that far.

**Time** is the hub's (``now``): windows and clocks of worlds depend on no other.

**Notes** of journals and coverage are in a file that the process maps (``ring``), so that they outlive it, and gather
there for 100 ms until a thread sends them (:class:`UnsentNotes`). A reader first sends its own and what is in files of
other processes of its machine, whether they run, hang or are no more; with Valkey the question above has each process
do so before it answers, for 50 ms at most. What is sent twice is noted once. In a world, what one batch has is one row
(``parcel``).

**Keys.** An idempotency key is claimed by the first request, for 10 s, and kept with its answer or released. Another
with the same key meanwhile is told ``pending``, and asks again.
"""

from mock_server.hub.interface import Decisions, Events, Hub, Notes, SharedHub, Stagings, WorldRegister
from mock_server.hub.memory import MemoryHub
from mock_server.hub.model import HubBounds, Question, SharedScenario
from mock_server.hub.opening import open_hub

__all__ = [
    "Decisions",
    "Events",
    "Hub",
    "HubBounds",
    "MemoryHub",
    "Notes",
    "Question",
    "SharedHub",
    "SharedScenario",
    "Stagings",
    "WorldRegister",
    "open_hub",
]
