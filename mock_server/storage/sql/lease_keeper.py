"""A thread that asks a database on another machine for its word before the last one is too old.

So nobody who answers a request waits for that. It does so as long as somebody goes by what is known; where nobody does,
the database is left in peace.
"""

from __future__ import annotations

import logging
import threading
import weakref
from typing import Protocol

from mock_server.core.errors import StoreError

log = logging.getLogger("mock_server")


class Lease(Protocol):
    """What holds for a while, and can be renewed."""

    is_used: bool

    def renew(self) -> None:
        """Have it hold from now on again; raises :class:`StoreError`."""


class Keeper:
    """Renews a lease every ``pause`` seconds while it is used, in a thread, until ``ended`` and woken."""

    def __init__(self, lease: Lease, ended: threading.Event, pause: float) -> None:
        self._lease = weakref.ref(lease)
        self._ended = ended
        self._pause = pause
        self._woken = threading.Event()
        threading.Thread(target=self._keep, name="mock-server-store", daemon=True).start()

    def wake(self) -> None:
        """Renew the lease now, and then as long as it is used."""
        self._woken.set()

    def _keep(self) -> None:
        while not self._ended.is_set():
            lease = self._lease()
            if lease is None:
                return
            is_due = lease.is_used or self._woken.is_set()
            self._woken.clear()
            lease.is_used = False
            if is_due:
                try:
                    lease.renew()
                except StoreError:
                    pass  # who needs it meets that again
                except Exception:
                    log.exception("the store could not be asked for changes: a mistake of this server's")
            del lease
            if is_due:
                self._ended.wait(self._pause)
            else:
                self._woken.wait(_IDLE)


_IDLE = 1.0
"""Seconds after which a thread that nobody wakes looks whether there is a lease still."""
