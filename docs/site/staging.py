"""Gather what the site is built of: the pages of ``docs/``, a few of the root, and the files that they link to."""

from __future__ import annotations

import os
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TypeAlias, cast

ROOT = Path(__file__).resolve().parents[2]
Navigation: TypeAlias = "str | list[Navigation] | dict[str, Navigation]"
"""A page, several entries in their order, or sections by their headings."""
CONFIGURATION = Path(__file__).with_name("zensical.toml")
PAGES = {
    "README.md": "index.md",  # whoever is sent to the README's top is at the site's top
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "vulnerabilities.md",
}
"""Pages of the root, by their name in the site. The README itself is no page: ``docs/index.md`` is."""
_LINK = re.compile(r"(?<=\]\()(?![a-z+]+:|#)([^)\s#]+)(#[^)\s]*)?(?=\))")
_FENCE = re.compile(r"(^(?: {4}|\t)[^\n]*$|^```.*?^```$)", re.MULTILINE | re.DOTALL)


class MissingFileError(Exception):
    """A page links to a file that the checkout does not have."""


def nav_pages(navigation: Navigation) -> Iterator[str]:
    """Yield the pages that a navigation names, in its order."""
    match navigation:
        case str(page):
            yield page
        case list(entries):
            for entry in entries:
                yield from nav_pages(entry)
        case dict(sections):
            for section in sections.values():
                yield from nav_pages(section)


def navigation(configuration: Path = CONFIGURATION) -> list[Navigation]:
    """Return the navigation of a configuration: pages, and sections of them."""
    project = tomllib.loads(configuration.read_text(encoding="utf-8"))["project"]
    return cast("list[Navigation]", project["nav"])


def page_sources(root: Path = ROOT) -> dict[str, Path]:
    """Return the file of each page of the site, by the page's name."""
    sources = {file.name: file for file in sorted((root / "docs").glob("*.md"))}
    return {**{PAGES[name]: root / name for name in PAGES if name != "README.md"}, **sources}


def stage(target: Path, root: Path = ROOT) -> list[str]:
    """Write pages, pictures and linked files below ``target/pages`` and return the names of the pages.

    Raises MissingFileError where a page links to nothing.
    """
    shutil.rmtree(target, ignore_errors=True)
    pages = target / "pages"
    shutil.copytree(root / "docs" / "images", pages / "images")
    shutil.copyfile(CONFIGURATION, target / "zensical.toml")
    sources = page_sources(root)
    for name, source in sources.items():
        (pages / name).write_text(_with_links(source, root, pages), encoding="utf-8")
    return [*sources]


def _with_links(source: Path, root: Path, pages: Path) -> str:
    """Return a page with its links as the site has them; files that it links to are copied."""

    def replace(match: re.Match[str]) -> str:
        place = _place(source, match[1], root)
        if place.parts[0] == "files":
            original = root / place.relative_to("files")
            if place.suffix == ".md":  # which the generator would take for a page
                place = place.with_suffix(".txt")
            (pages / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(original, pages / place)
        return f"{place}{match[2] or ''}"

    parts = _FENCE.split(source.read_text(encoding="utf-8"))
    # Every second part is a block of code, which stays as it is.
    return "".join(part if index % 2 else _LINK.sub(replace, part) for index, part in enumerate(parts))


def _place(source: Path, link: str, root: Path) -> PurePosixPath:
    """Return where the site has what a page of the checkout links to."""
    file = Path(os.path.normpath(source.parent / link))
    if file.is_dir() and (file / "README.md").exists():
        file /= "README.md"
    if not file.is_file():
        raise MissingFileError(f"{source.relative_to(root)}: found a link to {link}; expected a file of the checkout.")
    relative = file.relative_to(root).as_posix()
    if relative in PAGES:
        return PurePosixPath(PAGES[relative])
    if relative.startswith("docs/"):
        return PurePosixPath(relative.removeprefix("docs/"))
    return PurePosixPath("files", relative)
