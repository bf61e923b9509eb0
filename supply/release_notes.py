"""Take the notes of a version out of the changelog."""

from __future__ import annotations

import re
from dataclasses import dataclass

from supply.lock import ROOT

CHANGELOG = ROOT / "CHANGELOG.md"
_HEADING = re.compile(r"^## (\S+) \((\d{4}-\d\d-\d\d|unreleased)\)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ReleaseNotes:
    """What a version brings, as Markdown. ``date`` is None while the version is not released."""

    version: str
    date: str | None
    text: str


def release_notes(version: str, changelog: str) -> ReleaseNotes:
    """Return the notes of a version.

    Raises :class:`ValueError` where the changelog has no section of that version, or one without a line.
    """
    headings = [*_HEADING.finditer(changelog)]
    ends = [*(heading.start() for heading in headings[1:]), len(changelog)]
    for heading, end in zip(headings, ends, strict=True):
        if heading[1] == version:
            text = changelog[heading.end() : end].strip()
            if not text:
                raise ValueError(f"{CHANGELOG.name}: found nothing below '{heading[0]}'; expected what users notice.")
            return ReleaseNotes(version, None if heading[2] == "unreleased" else heading[2], f"{text}\n")
    raise ValueError(f"{CHANGELOG.name}: found no '## {version} (DATE)'; expected one, or '## {version} (unreleased)'.")
