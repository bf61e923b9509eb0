"""How tests over made-up input run."""

from __future__ import annotations

from hypothesis import settings

repeatable = settings(derandomize=True, deadline=None)
"""For tests over made-up input: the same input every time, on a slow machine too."""
