"""Give language models and other programs the pages as Markdown, and ``llms.txt``, a list of them."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

from docs.site.staging import Navigation, navigation

_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_SENTENCE = re.compile(r".+?[.!?](?=\s|$)", re.DOTALL)


def title_and_summary(text: str) -> tuple[str, str]:
    """Return the heading of a page and the first sentence below it, without links and line breaks."""
    heading = _TITLE.search(text)
    if heading is None:
        return "", ""
    paragraphs = [part.strip("\n") for part in text[heading.end() :].split("\n\n")]
    prose = next((part for part in paragraphs if part and not part.startswith(("#", "|", "```", "!", "<", "    "))), "")
    plain = " ".join(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", prose).split())
    sentence = _SENTENCE.match(plain)
    return heading[1], sentence[0] if sentence else plain


def publish_markdown(stage: Path) -> None:
    """Write each page's Markdown beside its HTML, and ``llms.txt`` at the top of the site."""
    site = stage / "site"
    for page in sorted((stage / "pages").rglob("*.md")):
        target = site / page.relative_to(stage / "pages")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(page, target)
    (site / "llms.txt").write_text("".join(_list(stage)), encoding="utf-8")


def _list(stage: Path) -> Iterator[str]:
    configuration = stage / "zensical.toml"
    project = tomllib.loads(configuration.read_text(encoding="utf-8"))["project"]
    yield f"# {project['site_name']}\n\n> {project['site_description']}\n"
    yield from _entries(stage / "pages", navigation(configuration), [])


def _entries(pages: Path, entries: list[Navigation], headings: list[str]) -> Iterator[str]:
    """Yield a heading for the pages of a section, a line for each of them, and then its own sections."""
    sections = [(heading, below) for entry in entries if isinstance(entry, dict) for heading, below in entry.items()]
    names = [entry for entry in entries if isinstance(entry, str)]
    names += [below for _, below in sections if isinstance(below, str)]
    if names:
        yield f"\n## {': '.join(headings) or 'Start'}\n\n"
    for name in names:
        title, summary = title_and_summary((pages / name).read_text(encoding="utf-8"))
        yield f"- [{title}]({name}): {summary}\n"
    for heading, below in sections:
        if isinstance(below, list):
            yield from _entries(pages, below, [*headings, heading])
