"""What pages of the console load of other projects is what their packages have, to the byte, with its licence."""

from __future__ import annotations

import gzip
import hashlib
import json

from supply import world_map
from supply.browser_files import FILES, HERE, MANIFEST, PACKAGE, PLACE

READ = json.loads(MANIFEST.read_text(encoding="utf-8"))
MAP = json.loads(world_map.MANIFEST.read_text(encoding="utf-8"))
LOCK = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))
LARGEST_MAP = 60 * 1024
"""Bytes: a page of the console is at most five times as large."""


def test_files_have_their_digests() -> None:
    assert {*READ["sha256"]} == {*FILES.values()}
    for name, digest in READ["sha256"].items():
        content = (PLACE / name).read_bytes()
        content = gzip.decompress(content) if name.endswith(".gz") else content
        assert hashlib.sha256(content).hexdigest() == digest, name


def test_version_is_that_of_the_lock() -> None:
    locked = LOCK["packages"][f"node_modules/{PACKAGE}"]
    assert (locked["version"], locked["license"]) == (READ["version"], READ["licence"])
    assert locked["integrity"].startswith("sha512-")


def test_everything_else_is_our_own() -> None:
    own = {"console.css", "console.js", "icon.svg", "manifest.json", "operation.css", "operation.js"}
    assert {file.name for file in PLACE.iterdir()} == own | {*FILES.values()}


def test_map_is_what_the_script_has_made() -> None:
    assert {file.name for file in world_map.PLACE.iterdir()} == {*MAP["sha256"], world_map.MANIFEST.name}
    for name, digest in MAP["sha256"].items():
        assert hashlib.sha256((world_map.PLACE / name).read_bytes()).hexdigest() == digest, name
    assert world_map.MAP.stat().st_size <= LARGEST_MAP


def test_packages_of_the_map_are_those_of_the_lock() -> None:
    assert {each["package"] for each in MAP["packages"]} == {*world_map.LICENCES}
    for each in MAP["packages"]:
        locked = LOCK["packages"][f"node_modules/{each['package']}"]
        assert (locked["version"], locked["license"]) == (each["version"], each["licence"])
        assert locked["integrity"].startswith("sha512-")
