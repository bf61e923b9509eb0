"""The world map is made of a topology: arcs that neighbours share, projected and rounded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from supply import world_map


def topology(*features: dict[str, Any]) -> dict[str, Any]:
    """Two squares side by side, of 10 degrees each, that share the arc between them."""
    return {
        "transform": {"scale": [10, 10], "translate": [0, 0]},
        "arcs": [
            [[1, 0], [0, 1]],
            [[1, 1], [-1, 0], [0, -1], [1, 0]],
            [[1, 0], [1, 0], [0, 1], [-1, 0]],
        ],
        "objects": {"countries": {"geometries": [*features]}},
    }


WEST = {"id": "752", "type": "Polygon", "arcs": [[0, 1]]}
EAST = {"id": "246", "type": "MultiPolygon", "arcs": [[[2, -1]]]}
NOBODY = {"type": "Polygon", "arcs": [[2, -1]]}


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def make(coarse: dict[str, Any], fine: dict[str, Any]) -> Any:
        atlas, codes = (tmp_path / "node_modules" / name for name in (world_map.ATLAS, world_map.CODES))
        for package in (atlas, codes):
            package.mkdir(parents=True)
            (package / "LICENSE").write_text("As you like.", encoding="utf-8")
            description = {"name": package.name, "version": "1", "license": "ISC"}
            (package / "package.json").write_text(json.dumps(description), encoding="utf-8")
        (codes / "langs").mkdir()
        names = {"SE": "Sweden", "FI": ["Finland", "Suomi"]}
        (codes / "langs" / "en.json").write_text(json.dumps({"countries": names}), encoding="utf-8")
        numbers = [["SE", "SWE", "752", ""], ["FI", "FIN", "246", ""], ["XK", "XKX", "983", ""]]
        (codes / "codes.json").write_text(json.dumps(numbers), encoding="utf-8")
        (atlas / "countries-110m.json").write_text(json.dumps(coarse), encoding="utf-8")
        (atlas / "countries-50m.json").write_text(json.dumps(fine), encoding="utf-8")
        place = tmp_path / "world"
        for name, path in {"HERE": tmp_path, "PLACE": place, "MAP": place / "map.json"}.items():
            monkeypatch.setattr(world_map, name, path)
        monkeypatch.setattr(world_map, "MANIFEST", place / "manifest.json")
        world_map.main()
        return json.loads(world_map.MAP.read_text(encoding="utf-8"))

    return make


def ends(path: str) -> set[tuple[int, int]]:
    """The corners of a path of steps."""
    start, _, steps = path.removeprefix("M").removesuffix("z").partition("l")
    x, y = map(int, start.split())
    numbers = [int(text) for text in steps.replace("-", " -").split()]
    corners = {(x, y)}
    for step_x, step_y in zip(numbers[::2], numbers[1::2], strict=True):
        x, y = x + step_x, y + step_y
        corners.add((x, y))
    return corners


def test_neighbours_share_their_border(made: Any) -> None:
    countries = made(topology(WEST, EAST), topology())["countries"]
    west, east = (ends(countries[code]["path"]) for code in ("SE", "FI"))
    assert (len(west), len(east), len(west & east)) == (4, 4, 2)
    assert max(x for x, _ in west) < max(x for x, _ in east)
    assert countries["FI"]["name"] == "Finland"


def test_small_country_is_a_point(made: Any) -> None:
    document = made(topology(WEST), topology(WEST, EAST))
    assert set(document["countries"]["FI"]) == {"name", "at"}
    x, y = document["countries"]["FI"]["at"]
    assert x > world_map.WIDTH / 2
    assert 0 < y < document["height"]


def test_land_of_no_code_is_kept_apart(made: Any) -> None:
    document = made(topology(WEST, NOBODY), topology())
    assert ends(document["land"]) & ends(document["countries"]["SE"]["path"])
    assert document["countries"]["FI"] == {"name": "Finland"}


def test_country_across_the_180th_meridian_is_at_both_ends(made: Any) -> None:
    across = topology(WEST)
    across["arcs"][0], across["arcs"][1] = [[17, 0], [0, 1]], [[17, 1], [-34, 0], [0, -1], [34, 0]]
    path = made(across, topology())["countries"]["SE"]["path"]
    parts = [ends(f"{part}z") for part in path.split("z")[:-1]]
    assert len(parts) == 2
    widths = [max(x for x, _ in part) - min(x for x, _ in part) for part in parts]
    assert max(widths) < world_map.WIDTH / 10
    assert {x for part in parts for x, _ in part} & {0, world_map.WIDTH}


def test_manifest_names_packages_and_digests(made: Any) -> None:
    made(topology(WEST, NOBODY), topology())
    manifest = json.loads(world_map.MANIFEST.read_text(encoding="utf-8"))
    assert [each["package"] for each in manifest["packages"]] == [world_map.ATLAS, world_map.CODES]
    assert set(manifest["sha256"]) == {"map.json", *world_map.LICENCES.values()}
