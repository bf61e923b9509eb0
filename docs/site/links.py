"""Check the built site: every link and anchor leads somewhere, and no page asks another host for anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "audio": "src", "video": "src"}
"""Elements that a browser loads by itself, and the attribute that says from where; ``link`` is another."""
SCRIPTED = {"mermaid", "glightbox", "pyodide"}
"""Classes for which the theme's script fetches a library of another host."""

_DIAGRAM = re.compile(r"^```(?:mermaid|plantuml|dot|graphviz)\b", re.MULTILINE)


@dataclass
class Page(HTMLParser):
    """What a page of the site has: anchors, links, and what a browser loads with it."""

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    classes: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element names and loads."""
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if values.get(name)}
        self.classes |= set(values.get("class", "").split())
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag == "link" and "href" in values and values.get("rel") not in ("canonical", "prev", "next"):
            self.loads.append(values["href"])
        elif tag in LOADED and values.get(LOADED[tag]):
            self.loads.append(values[LOADED[tag]])


def read_page(file: Path) -> Page:
    """Parse a page of the site."""
    page = Page()
    page.feed(file.read_text(encoding="utf-8"))
    return page


def link_errors(site: Path) -> Iterator[str]:
    """Yield a line for each link that leads nowhere, and for each thing that another host would be asked for."""
    pages = {file: read_page(file) for file in sorted(site.rglob("*.html"))}
    for file, page in pages.items():
        name = file.relative_to(site).as_posix()
        for address in page.loads:
            if urlsplit(address).netloc:
                yield f"{name}: found {address} loaded from another host; expected a file of the site."
        for scripted in sorted(page.classes & SCRIPTED):
            yield f"{name}: found the class {scripted}, for which a library of another host is loaded; expected none."
        if file.name != "404.html":  # which is shown at any path, so its links are the theme's own
            for address in [*page.links, *page.loads]:
                yield from _target_errors(site, file, address, pages)


def diagram_errors(name: str, text: str) -> Iterator[str]:
    """Yield a line for each diagram that a page has as text: the site would show its source as code."""
    for _ in _DIAGRAM.finditer(text):
        yield f"{name}: found a diagram as text; expected a picture in docs/images, as tools.reference draws one."


def _target_errors(site: Path, file: Path, address: str, pages: dict[Path, Page]) -> Iterator[str]:
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if target.is_dir():
        target /= "index.html"
    name = file.relative_to(site).as_posix()
    if not target.is_relative_to(site) or not target.is_file():
        yield f"{name}: found a link to {address}; expected a file of the site."
    elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
        yield f"{name}: found a link to {address}; expected an anchor of {target.name}."
