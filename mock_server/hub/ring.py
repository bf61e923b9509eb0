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
from pathlib import Path
from secrets import token_hex
from struct import Struct
from typing import NamedTuple

from mock_server.core.errors import HubError
from mock_server.hub.model import CoverageNote, JournalNote, Note
from mock_server.hub.shared_page import mapped

HALF = 4 * 1024 * 1024
"""Bytes of a half: at 5,000 entries of 1 KB a second they take the notes of 0.8 s."""
_BEGIN = 4096
_SIZE = _BEGIN + 2 * HALF
_COUNT, _USED, _TURNS = 0, 1, 3
_HEAD = Struct("<QQQQH")
"""Notes so far, bytes used in each half, how often the halves were changed, length of the text, which follows."""
_RECORD = Struct("<IQBQddH")
"""Length, count, whether it is of coverage, number or requests, started, elapsed, length of the world's name."""


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
        self._half = self._used = self._full = 0
        self._start = _BEGIN
        self.count = 0
        """Notes so far."""
        file.with_suffix(".new").rename(file)

    def set_text(self, text: str) -> None:
        """Leave a text of at most 1,000 bytes for who finds the ring without its process."""
        data = text.encode()
        self._map[_HEAD.size - 2 : _HEAD.size + len(data)] = len(data).to_bytes(2, "little") + data

    def write(self, note: Note) -> None:
        """Write a note; it is there when this returns, or is counted alone where the half is full."""
        self.count = self._heads[_COUNT] = self.count + 1
        if type(note) is JournalNote:
            name, number, started, elapsed, data = note
            kind = 0
        else:
            name, target, keys, number = note  # type: ignore[misc]
            kind, started, elapsed, data = 1, 0.0, 0.0, "\0".join((target, *keys)).encode()
        world = name.encode()
        start = self._used
        body = start + 39
        end = body + len(world) + len(data)
        if end > HALF or self._full:
            self._full = 1
            return
        begin = self._start
        _RECORD.pack_into(self._map, begin + start, end - start, self.count, kind, number, started, elapsed, len(world))
        self._map[begin + body : begin + end] = world + data
        self._used = self._heads[_USED + self._half] = end

    def turn(self) -> None:
        """Write to the other half from now on, whose notes were all sent. Who reads it meanwhile reads again."""
        self._heads[_TURNS] += 1
        self._half ^= 1
        self._start = _BEGIN + self._half * HALF
        self._used = self._full = self._heads[_USED + self._half] = 0

    def clear_sent(self) -> None:
        """Empty the half that is not written to: its notes were sent."""
        self._heads[_USED + (self._half ^ 1)] = 0

    def close(self, *, is_sent: bool) -> None:
        """Let go of the file; where all was sent it is removed."""
        if is_sent:
            self.file.unlink(missing_ok=True)
        self._heads.release()
        self._map.close()
        os.close(self.handle)


class Pending(NamedTuple):
    """What a ring has that its process has not sent, in order, and the ring's text."""

    text: str
    batches: Sequence[Batch]


class RingDirectory:
    """The rings of all processes of one machine at one hub. Raises :class:`HubError` where it is not private."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        try:
            directory.mkdir(mode=0o700, exist_ok=True)
            status = directory.lstat()
            if directory.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o077:
                raise HubError(
                    f"hub: found {directory}, which others may write; expected a directory of this user alone. Remove"
                    " it, or set TMPDIR to another."
                )
            self.own = Ring(directory / f"{token_hex(8)}.ring")
        except OSError as error:
            raise HubError(
                f"hub: found {error}; expected room for {_SIZE // 1024**2} MB in {directory}, where notes are until"
                " the hub has them. Make room there, or set TMPDIR to another directory."
            ) from error

    def noted(self) -> dict[str, int]:
        """Return by ring how much each other process that lives has noted."""
        counts = {}
        for file, handle, is_left in self._others():
            if not is_left:
                counts[file.name] = int.from_bytes(os.pread(handle, 8, 8 * _COUNT), "little")
        return counts

    def pending(self) -> Iterator[Pending]:
        """Yield what others have not sent; who goes on to the next has had the last one, of a dead process, removed."""
        for file, handle, is_left in self._others():
            yield _read(file.name, handle)
            if is_left:
                file.unlink(missing_ok=True)

    def _others(self) -> Iterator[tuple[Path, int, bool]]:
        """Yield each other ring, open, and whether it is left behind: its lock is then held here."""
        for name in os.listdir(self._directory):
            if name == self.own.name or not name.endswith(".ring"):
                continue
            file = self._directory / name
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


def _read(name: str, handle: int) -> Pending:
    while True:
        head = os.pread(handle, _BEGIN, 0)
        _, *used, turns, length = _HEAD.unpack_from(head)
        halves = [os.pread(handle, size, _BEGIN + half * HALF) for half, size in enumerate(used)]
        if os.pread(handle, 8, 8 * _TURNS) == turns.to_bytes(8, "little"):
            break
    text = head[_HEAD.size : _HEAD.size + length].decode()
    batches = [_batch(name, content) for content in halves if content]
    return Pending(text, sorted(batches, key=lambda batch: batch.first))


def _batch(name: str, content: bytes) -> Batch:
    notes: list[Note] = []
    start = first = 0
    while start < len(content):
        length, count, kind, number, started, elapsed, size = _RECORD.unpack_from(content, start)
        body = start + _RECORD.size
        world, data = content[body : body + size].decode(), content[body + size : start + length]
        if kind:
            target, *keys = data.decode().split("\0")
            notes.append(CoverageNote(world, target, frozenset(keys), number))
        else:
            notes.append(JournalNote(world, number, started, elapsed, data))
        first = first or count
        start += length
    return Batch(name, first, notes)
