"""What is taken from others by name is taken by digest: images by their bytes, actions by their commit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.paths import ROOT

OWN = {"mock-server", "IMAGE", "$MOCK_IMAGE", "${{ inputs.image }}", "${IMAGE}", "${BASE}", "${BUILD_BASE}"}
"""Images that are built from this checkout, and names that stand for one."""
PLACES = [ROOT / "examples", ROOT / "deploy", ROOT / ".github"]
FILES = [
    ROOT / "Containerfile",
    *(file for place in PLACES for file in sorted(place.rglob("*")) if file.suffix in (".yaml", ".yml")),
]
IMAGE = re.compile(r"^(?:FROM|ARG BASE=|[ \t]*(?:- )?image:)[ \t]*(\S+(?: inputs\.image \}\})?)", re.MULTILINE)
ACTION = re.compile(r"^\s*(?:- )?uses:\s*(.+)$", re.MULTILINE)
DIGEST = re.compile(r"[a-z./-]+:[\w.-]+@sha256:[0-9a-f]{64}")
COMMIT = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def found(pattern: re.Pattern[str]) -> list[tuple[Path, str]]:
    return [
        (file.relative_to(ROOT), name) for file in FILES for name in pattern.findall(file.read_text(encoding="utf-8"))
    ]


IMAGES = [(file, name) for file, name in found(IMAGE) if name not in OWN]
ACTIONS = found(ACTION)


def test_foreign_images_and_actions_exist() -> None:
    assert {file.name for file, _ in IMAGES} >= {"Containerfile", "compose.store.yaml", "gitlab-ci.yml"}
    assert {file.name for file, _ in ACTIONS} >= {"audit.yml", "github-actions.yml"}


@pytest.mark.parametrize(("file", "name"), IMAGES, ids=str)
def test_image_is_named_by_tag_and_digest(file: Path, name: str) -> None:
    assert DIGEST.fullmatch(name), f"{file}: {name}; expected NAME:TAG@sha256:DIGEST"


@pytest.mark.parametrize(("file", "name"), ACTIONS, ids=str)
def test_actions_are_pinned_by_commit(file: Path, name: str) -> None:
    assert COMMIT.fullmatch(name.strip()), f"{file}: {name}; expected OWNER/NAME@COMMIT # vVERSION"


def test_image_has_one_digest_everywhere() -> None:
    digests: dict[str, set[str]] = {}
    for _, name in IMAGES:
        tag, _, digest = name.partition("@")
        digests.setdefault(tag, set()).add(digest)
    assert {tag: len(seen) for tag, seen in digests.items()} == dict.fromkeys(digests, 1)
