"""Measure how long the names of tests are.

``python -m tools.test_names [--limit CHARACTERS] FOLDER ...`` reads the names of all test functions and methods in the
files ``test_*.py`` below the folders, ``test_`` included. Printed are the names above the limit, the longest first
(``CHARACTERS FILE:LINE: NAME``), then their number, that of all names, and the median.

The exit code is 1 where the median is above ``--limit`` (in characters; none if not given), 2 where a file cannot be
read or is not Python, or where there are no tests.
"""

from __future__ import annotations

import argparse
import ast
import sys
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from tools.names import files


def test_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each test of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.lineno, node.name


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what the module says and return the exit code."""
    parser = argparse.ArgumentParser(prog="test_names", description="Measure how long the names of tests are.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--limit", type=float, metavar="CHARACTERS", help="the greatest median that passes")
    options = parser.parse_args(arguments)
    limit = float("inf") if options.limit is None else options.limit
    lengths: list[int] = []
    long_names: list[tuple[int, str]] = []
    for file in files(options.folders):
        if not file.name.startswith("test_"):
            continue
        try:
            with tokenize.open(file) as text:
                tree = ast.parse(text.read(), str(file))
        except (OSError, SyntaxError, ValueError) as error:
            print(f"{file}: found no Python ({error}); expected a file that can be parsed.", file=sys.stderr)
            return 2
        for line, name in test_names(tree):
            lengths.append(len(name))
            if len(name) > limit:
                long_names.append((len(name), f"{file}:{line}: {name}"))
    if not lengths:
        print("found no tests; expected folders with files test_*.py.", file=sys.stderr)
        return 2
    for length, place in sorted(long_names, key=lambda row: (-row[0], row[1])):
        print(length, place)
    middle = median(lengths)
    above = "" if options.limit is None else f"{len(long_names)} above {limit:g} characters, "
    print(f"{len(lengths)} tests, {above}median {middle:g} characters")
    if middle > limit:
        print(
            f"found a median of {middle:g}; expected at most {limit:g}. Say the behaviour in fewer words.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
