"""The notes of a process in a file that it maps: memory of this kind outlives a process that is killed.

Beside others of one hub a process has a file of its own. Who wants to know all that was noted reads the others' files
and sends what is in them, whether their processes run, hang or are no more; a hub notes by the counts of notes what has
arrived before, and takes nothing twice. A lock, which the kernel takes from the dead, tells whose file can go.

A file has two halves. Notes go to the one while the other is sent; then they go to the beginning of the other, so that
the same few pages are used as long as the hub answers. A half that is full (the hub is lost for long) takes no more:
such notes are in the process's memory alone.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from struct import Struct
from tempfile import gettempdir
from typing import NamedTuple

from mock_server.core.errors import HubError
from mock_server.hub.model import CoverageNote, Covering, JournalNote, Note
from mock_server.hub.shared_page import mapped

HALF = 8 * 1024 * 1024
"""Bytes of a half: at 5,000 entries of 1 KB a second they take the notes of 1.6 s."""
_BEGIN = 4096
_SIZE = _BEGIN + 2 * HALF
_END, _FIRST, _FULL, _TURNS = 0, 2, 4, 6
_HEAD = Struct("<QQQQQQQH")
"""Of each half where its notes end, the count of its first, and whether some had no room; how often the halves were
changed, twice, so that it is odd meanwhile and who reads reads again; length of the text, which follows."""
_RECORD = Struct("<IBQddHI")
"""Length, what there is, number, started, elapsed, lengths of the world's name and of what is covered, which follow."""
_ENTRY, _EXCHANGE, _COVERS, _COVERING = 1, 2, 4, 8
"""What there is: an entry; its exchange, which else is that of the entry before; coverage; what it is, which else is as
before."""
_FIXED = _RECORD.size
_TRIES = 100
"""Most times that a ring is read whose halves are being changed; a process may have been killed just then, which is as
well: the half is empty by then, or has what was sent."""


class Batch(NamedTuple):
    """Notes of one ring, which count from ``first`` on, without a gap."""

    ring: str
    first: int
    notes: Sequence[Note]

    @property
    def last(self) -> int:
        """The count of the last note."""
        return self.first + len(self.notes) - 1

    def after(self, count: int) -> Batch:
        """Return what is left of it where notes have arrived up to a count."""
        sent = min(max(count + 1 - self.first, 0), len(self.notes))
        return Batch(self.ring, self.first + sent, self.notes[sent:])


class Ring:
    """The file of this process. ``name`` is its own for all time, ``text`` what who finds it has to know."""

    def __init__(self, file: Path) -> None:
        self.name = file.name
        self.file = file
        self.handle = os.open(file.with_suffix(".new"), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self.handle, fcntl.LOCK_EX)
        self._map = mapped(self.handle, _SIZE)
        self._heads = memoryview(self._map).cast("Q")
        self._end = self._limit = 0
        self._exchange = b""
        self._covering: Covering | None = None
        self._half = 1
        self.turn(1)
        file.with_suffix(".new").rename(file)

    def set_text(self, text: str) -> None:
        """Leave a text of at most 1,000 bytes for who finds the ring without its process."""
        data = text.encode()
        self._map[_HEAD.size - 2 : _HEAD.size + len(data)] = len(data).to_bytes(2, "little") + data

    def write(self, note: Note) -> None:
        """Write a note, which is there when this returns, unless the half is full."""
        if type(note) is JournalNote:
            world, number, started, elapsed, exchange, covering = note
            data = world.encode()
            kind = _ENTRY
        else:
            data, number, started, elapsed, exchange = note.world.encode(), 0, 0.0, 0.0, self._exchange
            covering, kind = note.covering, 0
        size = len(data)
        if covering is not None:
            kind |= _COVERS
            if covering is not self._covering:
                kind |= _COVERING
                data += covering.encoded
        length = len(data) - size
        if exchange is not self._exchange:
            kind |= _EXCHANGE
            data += exchange
        start = self._end
        end = start + _FIXED + len(data)
        if end > self._limit:
            self._limit = 0
            self._heads[_FULL + self._half] = 1
            return
        _RECORD.pack_into(self._map, start, end - start, kind, number, started, elapsed, size, length)
        self._map[start + _FIXED : end] = data
        self._exchange = exchange
        if covering is not None:
            self._covering = covering
        self._end = self._heads[self._half] = end

    def turn(self, first: int) -> None:
        """Write to the other half from now on, whose notes were all sent, beginning with that count."""
        self._half ^= 1
        self._end = _BEGIN + self._half * HALF
        self._limit = self._end + HALF
        self._exchange, self._covering = b"", None
        self._heads[_TURNS] += 1
        self._heads[_END + self._half] = self._heads[_FULL + self._half] = 0
        self._heads[_FIRST + self._half] = first
        self._heads[_TURNS] += 1

    def clear_sent(self) -> None:
        """Empty the half that is not written to: its notes were sent."""
        self._heads[_END + (self._half ^ 1)] = self._heads[_FULL + (self._half ^ 1)] = 0

    def close(self, *, is_sent: bool) -> None:
        """Let go of the file; where all was sent it is removed, with the directory after the last one."""
        if is_sent:
            self.file.unlink(missing_ok=True)
            with suppress(OSError):
                self.file.parent.rmdir()
        self._heads.release()
        self._map.close()
        os.close(self.handle)


class Pending(NamedTuple):
    """What a ring has that its process has not sent, in order, and the ring's text."""

    text: str
    batches: Sequence[Batch]


def directory_of(place: str) -> Path:
    """Return where the rings of a hub at a place are, on this machine. Raises :class:`HubError`."""
    try:
        return Path(gettempdir()) / f"mock-server-hub-{sha256(place.encode()).hexdigest()[:16]}"
    except OSError as error:
        raise HubError(
            f"hub: found {error}; expected a directory for temporary files, where notes are until the hub has them."
            " Have /tmp writable, or set TMPDIR to another."
        ) from error


class RingDirectory:
    """The rings of all processes of one machine at one hub. Raises :class:`HubError` where it is not private."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        try:
            while True:
                directory.mkdir(mode=0o700, exist_ok=True)
                status = directory.lstat()
                if directory.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o077:
                    raise HubError(
                        f"hub: found {directory}, which others may write; expected a directory of this user alone."
                        " Remove it, or set TMPDIR to another."
                    )
                with suppress(FileNotFoundError):  # removed just now, by the last process that ended
                    self.own = Ring(directory / f"{token_hex(8)}.ring")
                    break
        except OSError as error:
            raise HubError(
                f"hub: found {error}; expected room for {_SIZE // 1024**2} MB in {directory}, where notes are until"
                " the hub has them. Make room there, or set TMPDIR to another directory."
            ) from error

    def others(self) -> Sequence[bool]:
        """Return for each other process that runs whether some of its notes had no room in its ring."""
        heads = [_HEAD.unpack(os.pread(handle, _HEAD.size, 0)) for _, handle, is_left in self._others() if not is_left]
        return [any(head[_FULL:_TURNS]) for head in heads]

    def pending(self) -> Iterator[Pending]:
        """Yield what others have not sent; who goes on to the next has had the last one, of a dead process, removed."""
        for file, handle, is_left in self._others():
            yield _read(file.name, handle, is_left=is_left)
            if is_left:
                file.unlink(missing_ok=True)

    def _others(self) -> Iterator[tuple[Path, int, bool]]:
        """Yield each other ring, open, and whether it is left behind: its lock is then held here."""
        for file in [*self._directory.glob("*.ring")]:
            if file.name == self.own.name:
                continue
            with suppress(FileNotFoundError):
                handle = os.open(file, os.O_RDWR)
                try:
                    yield file, handle, _is_left(handle)
                finally:
                    os.close(handle)


def _is_left(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(handle).st_nlink > 0


def _read(name: str, handle: int, *, is_left: bool) -> Pending:
    """Return what is in a ring. Of a running process nothing behind notes that had no room: it sends those first."""
    for _ in range(_TRIES):
        before = os.pread(handle, 8, 8 * _TURNS)
        head = os.pread(handle, _BEGIN, 0)
        *numbers, _, length = _HEAD.unpack_from(head)
        starts = (_BEGIN, _BEGIN + HALF)
        contents = [os.pread(handle, max(0, numbers[_END + half] - starts[half]), starts[half]) for half in (0, 1)]
        if before == os.pread(handle, 8, 8 * _TURNS) and before[0] % 2 == 0:
            break
    text = head[_HEAD.size : _HEAD.size + length].decode()
    batches = []
    for half in sorted((0, 1), key=lambda half: numbers[_FIRST + half]):
        if contents[half]:
            batches.append(Batch(name, numbers[_FIRST + half], _notes(contents[half])))
        if numbers[_FULL + half] and not is_left:
            break
    return Pending(text, batches)


def _notes(content: bytes) -> Sequence[Note]:
    notes: list[Note] = []
    start, exchange, covering = 0, b"", Covering("", frozenset())
    while start < len(content):
        end, kind, number, started, elapsed, size, length = _RECORD.unpack_from(content, start)
        name, covered, start = start + _FIXED, start + _FIXED + size, start + end
        world = content[name:covered].decode()
        if kind & _COVERING:
            covering = Covering.decoded(content[covered : covered + length])
        if kind & _EXCHANGE:
            exchange = content[covered + length : start]
        if kind & _ENTRY:
            covers = covering if kind & _COVERS else None
            notes.append(JournalNote(world, number, started, elapsed, exchange, covers))
        else:
            notes.append(CoverageNote(world, covering))
    return notes
