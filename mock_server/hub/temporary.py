"""The hub of the workers of one server: a temporary file, which is removed with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from mock_server.core.errors import UsageError
from mock_server.hub.opening import SQLITE


@contextmanager
def temporary_hub(address: str) -> Iterator[str]:
    """Yield the address at which the workers of one server find the same hub.

    For ``memory`` that is a SQLite file in a directory of this user alone, which is removed afterwards. Raises
    :class:`UsageError` where there can be none.
    """
    if address != "memory":
        yield address
        return
    try:
        directory = TemporaryDirectory(prefix="mock-server-", ignore_cleanup_errors=True)
    except OSError as error:
        raise UsageError(
            f"--workers: found no directory for temporary files ({error.strerror}); expected one for what workers"
            " share. Name one in the variable TMPDIR."
        ) from None
    with directory as name:
        yield f"{SQLITE}{Path(name) / 'hub.db'}"
