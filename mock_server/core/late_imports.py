"""Imports that a start does not wait for, one at a time.

Where two threads import modules that import one another (those of jsonschema do), Python lets one of them see half a
module rather than have both wait for ever (importlib, ``_DeadlockError``). Whoever imports such libraries after the
start holds :data:`LATE_IMPORTS` meanwhile.
"""

from __future__ import annotations

from threading import RLock

LATE_IMPORTS = RLock()
"""Held by the thread that imports; what is imported may itself import late."""
