"""Count variables whose names say nothing of what they hold.

``python -m tools.names [--limit PERCENT] FOLDER ...`` counts the bindings of the names in :data:`VAGUE`, with or
without underscores around them, in all Python files below the folders. A binding is a place that gives a name to
a value: an assignment, a loop, a comprehension, a ``with``, a walrus, a parameter, an ``except``, a capture of
``match``; a field in the body of a class is one too. Printed are a line for each such binding
(``FILE:LINE: NAME``), then by name how many there are, then their number, that of all bindings, and the share.

The exit code is 1 where the share is above ``--limit`` (in percent; 100 if not given), 2 where a file cannot be read
or is not Python, or where there is nothing to count.
"""

from __future__ import annotations

import argparse
import ast
import sys
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

VAGUE = frozenset({"one", "found", "told", "kept", "made", "asked", "shown", "given", "meant", "taken"})
"""Names to be replaced by nouns of the domain."""
FOREIGN = frozenset({"node_modules", "__pycache__"})
"""Folders whose files are not ours, as are all whose names begin with a dot."""


def bindings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each binding of a module."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield node.lineno, name
            case ast.MatchMapping(rest=str(name)):
                yield node.lineno, name


def files(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the Python files below folders, in order; a folder may be a file itself."""
    for folder in folders:
        for file in sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]:
            parts = file.relative_to(folder).parts[:-1]
            if not any(part in FOREIGN or part.startswith(".") for part in parts):
                yield file


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what the module says and return the exit code."""
    parser = argparse.ArgumentParser(prog="names", description="Count variables whose names say nothing.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--limit", type=float, default=100.0, metavar="PERCENT", help="the greatest share that passes")
    options = parser.parse_args(arguments)
    total = 0
    counts: Counter[str] = Counter()
    for file in files(options.folders):
        try:
            with tokenize.open(file) as text:
                tree = ast.parse(text.read(), str(file))
        except (OSError, SyntaxError, ValueError) as error:
            print(f"{file}: found no Python ({error}); expected a file that can be parsed.", file=sys.stderr)
            return 2
        for line, name in sorted(bindings(tree)):
            total += 1
            if name.strip("_") in VAGUE:
                counts[name.strip("_")] += 1
                print(f"{file}:{line}: {name}")
    if not total:
        print("found no bindings; expected folders with Python files.", file=sys.stderr)
        return 2
    share = 100 * counts.total() / total
    for name, count in counts.most_common():
        print(f"{name} {count}")
    print(f"{counts.total()} of {total} bindings, {share:.2f} %")
    if share > options.limit:
        print(f"found {share:.2f} %; expected at most {options.limit:g} %. Name what the values are.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
