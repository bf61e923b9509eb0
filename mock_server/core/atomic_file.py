"""Files that are written completely or not at all."""

from __future__ import annotations

import contextlib
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from mock_server.core.errors import UsageError
from mock_server.core.terminal import let_go


@contextlib.contextmanager
def atomic_write(output: str) -> Iterator[IO[str]]:
    """Yield standard output (``-``), or a file that gets its name only when it is complete.

    A device or a pipe (``/dev/null``) is written to as it is: a file in its place would be there for everybody.
    Raises :class:`UsageError` where it cannot be written; then an older file stays as it was.
    """
    if output == "-":
        if sys.stdout is None:
            raise UsageError("-o: found standard output closed; expected a place to write to. Name a file.")
        try:
            yield sys.stdout
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            let_go(sys.stdout)
            raise _refusal("standard output", error) from None
        return
    target = Path(output)
    if target.exists() and not target.is_file() and not target.is_dir():
        try:
            with target.open("w", encoding="utf-8", newline="\n") as out:
                yield out
        except OSError as error:
            raise _refusal(output, error) from None
        return
    # Named here and not by the library: an interrupt just after it was made must find the name.
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with partial.open("x", encoding="utf-8", newline="\n") as out:
            yield out
        partial.replace(target)
    except OSError as error:
        _discard(partial)
        raise _refusal(output, error) from None
    except BaseException:
        _discard(partial)
        raise


def _refusal(output: str, error: OSError) -> UsageError:
    return UsageError(f"-o: found {output} ({(error.strerror or str(error)).lower()}); expected a file to write")


def _discard(partial: Path) -> None:
    with contextlib.suppress(OSError):  # it was never made
        partial.unlink()
