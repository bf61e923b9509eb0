"""All reference pages, by the file that each goes into."""

from __future__ import annotations

from pathlib import Path

from tools.reference.cli_page import cli_page
from tools.reference.control_page import control_page
from tools.reference.extensions_page import extensions_page
from tools.reference.layers_picture import layers_picture
from tools.reference.problems_page import problems_page
from tools.reference.python_page import python_page
from tools.reference.settings_page import settings_page

DOCS = Path(__file__).parent.parent.parent / "docs"


def pages() -> dict[Path, str]:
    """Return the text of each page, and of the picture that one of them shows."""
    texts = {
        "cli": cli_page(),
        "control-api": control_page(),
        "extensions": extensions_page(),
        "problem-types": problems_page(),
        "python-api": python_page(),
        "settings": settings_page(),
    }
    written = {DOCS / f"{name}.md": text for name, text in texts.items()}
    return {**written, DOCS / "images" / "layers.svg": layers_picture()}
