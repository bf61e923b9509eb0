"""Which process a world belongs to.

By highest random weight (Thaler and Ravishankar, "A Name-Based Mapping Scheme for Rendezvous", 1996): all who know the
same processes choose the same one without asking, each process has its share, and when one comes or goes no world moves
but to or from that one.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b


def owner_of(world: str, peers: Iterable[str]) -> str:
    """The process, of at least one, that a world belongs to; both are known by name."""
    return max(peers, key=lambda peer: (_weight(world, peer), peer))


def _weight(world: str, peer: str) -> bytes:
    return blake2b(f"{peer}/{world}".encode(), digest_size=8).digest()
