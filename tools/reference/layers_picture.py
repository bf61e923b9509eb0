"""Draw the layers of the packages, as `pyproject.toml` has import-linter hold them, as a picture in SVG.

It is a picture everywhere. A diagram of text is one on code hosts, and on the site with a library of another host.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

CONFIGURATION = Path(__file__).resolve().parents[2] / "pyproject.toml"
PACKAGE = "mock_server."
WIDTH, BOX, HEIGHT, STEP = 480, 200, 28, 46
"""Of the picture, of the box of a layer, and from one layer down to the next, in pixels."""


def layers_picture() -> str:
    """Return the picture: a box for each layer, the upper ones first, and an arrow down to the next."""
    layers = _layers()
    height = STEP * len(layers)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        ' role="img" font-family="system-ui, sans-serif" font-size="14" text-anchor="middle">',
        "<title>The layers, from the plugin of pytest at the top to core at the bottom</title>",
        '<g fill="#eef2ff" stroke="#4f46e5">',
        *(f'<rect x="{x}" y="{y}" width="{BOX}" height="{HEIGHT}" rx="6"/>' for _, x, y in _boxes(layers)),
        "</g>",
        '<g fill="none" stroke="#818cf8" stroke-width="1.5">',
        *(_arrow(STEP * row + HEIGHT + 4) for row in range(len(layers) - 1)),
        "</g>",
        '<g fill="#1e1b4b">',
        *(f'<text x="{x + BOX // 2}" y="{y + 19}">{name}</text>' for name, x, y in _boxes(layers)),
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _layers() -> list[list[str]]:
    """Return the names of the packages of each layer, the upper ones first, without the one that starts the program."""
    contracts = tomllib.loads(CONFIGURATION.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    named = [[name.strip().removeprefix(PACKAGE) for name in layer.split(" : ")] for layer in layers]
    return [layer for layer in named if layer != ["__main__"]]


def _boxes(layers: list[list[str]]) -> Iterator[tuple[str, int, int]]:
    """Yield the name of each package, and where its box begins."""
    for row, layer in enumerate(layers):
        left = (WIDTH - BOX * len(layer) - (STEP - HEIGHT) * (len(layer) - 1)) // 2
        for column, name in enumerate(layer):
            yield name, left + column * (BOX + STEP - HEIGHT), STEP * row + 1


def _arrow(top: int) -> str:
    middle, tip = WIDTH // 2, top + STEP - HEIGHT - 5
    return f'<path d="M{middle} {top}V{tip}m-4 -5l4 5l4 -5"/>'
