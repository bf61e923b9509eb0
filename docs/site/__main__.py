"""Build the documentation's site and check it; exit code 1 with a line for each thing that is wrong.

    python -m docs.site DIRECTORY

The site is in ``DIRECTORY/site``. It needs no server and no network.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from spellchecker import SpellChecker

from docs.site.for_programs import publish_markdown
from docs.site.links import diagram_errors, link_errors
from docs.site.spelling import read_vocabulary, spelling_errors
from docs.site.staging import CONFIGURATION, PAGES, ROOT, MissingFileError, nav_pages, navigation, page_sources, stage

NAMES_OF_PEOPLE = {"customers.md"}
"""Pages that are made up of names and addresses of the whole world."""
_COLOURS = re.compile("\x1b\\[[0-9;]*m")


def build(directory: Path) -> bool:
    """Stage the pages and have Zensical build them; say whether it had nothing to object to."""
    stage(directory)
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--strict", "--clean"]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)  # noqa: S603  # our own words
    if done.returncode or "Warning" in done.stdout + done.stderr:
        print(_COLOURS.sub("", done.stdout + done.stderr), file=sys.stderr)
        return False
    return True


def page_errors() -> Iterator[str]:
    """Yield what is wrong with the words of the pages, and with their places in the navigation."""
    sources = page_sources()
    places = [*nav_pages(navigation())]
    for page in sorted({*sources} - {*places}):
        yield f"docs/{page}: found no place in the navigation of {CONFIGURATION.name}."
    vocabulary, dictionary = read_vocabulary(), SpellChecker(language="en")
    for file in [*sources.values(), *(ROOT / name for name in PAGES if name == "README.md")]:
        name = file.relative_to(ROOT).as_posix()
        if file.name not in NAMES_OF_PEOPLE:
            yield from spelling_errors(name, file.read_text(encoding="utf-8"), vocabulary, dictionary)
        yield from diagram_errors(name, file.read_text(encoding="utf-8"))


def main() -> int:
    """Build and check, and return the exit code."""
    parser = argparse.ArgumentParser(prog="docs.site", description="Build the documentation's site and check it.")
    parser.add_argument("directory", type=Path, metavar="DIRECTORY", help="where the site is built")
    directory = parser.parse_args().directory.resolve()
    errors = [*page_errors()]
    try:
        built = build(directory)
    except MissingFileError as error:
        errors.append(str(error))
        built = False
    if built:
        publish_markdown(directory)
        errors += link_errors(directory / "site")
    print(*errors, sep="\n", end="\n" if errors else "", file=sys.stderr)
    if errors or not built:
        return 1
    print(f"{directory / 'site'}: {len(page_sources())} pages, every link and word checked")
    return 0


if __name__ == "__main__":
    sys.exit(main())
