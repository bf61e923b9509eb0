"""List the licence of every distribution of the lock; exit code 1 with words where one is not what it should be.

    python -m supply.licences

The list is ``licences.toml``. A distribution that is new, that says of itself something else than the list, or whose
licence is none of the permissive ones and has no reason to be there, is an objection.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageMetadata, distributions
from pathlib import Path

from license_expression import ExpressionError, get_spdx_licensing

from supply.lock import Distribution, read_lock

FILE = Path(__file__).with_name("licences.toml")
PERMISSIVE = frozenset(
    {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "PSF-2.0", "Unlicense", "Zlib"}
)
"""Licences that ask for no more than their notice."""
_SPDX = get_spdx_licensing()
_CLASSIFIERS = {
    "Apache Software License": {"Apache-2.0"},
    "BSD License": {"BSD-2-Clause", "BSD-3-Clause", "0BSD"},
    "GNU Affero General Public License v3": {"AGPL-3.0-only", "AGPL-3.0-or-later"},
    "GNU General Public License v2 (GPLv2)": {"GPL-2.0-only"},
    "GNU General Public License v3 (GPLv3)": {"GPL-3.0-only"},
    "GNU Lesser General Public License v2 or later (LGPLv2+)": {"LGPL-2.0-or-later", "LGPL-2.1-or-later"},
    "GNU Lesser General Public License v3 (LGPLv3)": {"LGPL-3.0-only"},
    "ISC License (ISCL)": {"ISC"},
    "MIT License": {"MIT"},
    "Mozilla Public License 2.0 (MPL 2.0)": {"MPL-2.0"},
    "Python Software Foundation License": {"PSF-2.0"},
}
"""What a classifier may mean. Those of distributions that say it in SPDX are not looked at."""


@dataclass(frozen=True, slots=True)
class Licences:
    """The list: SPDX expressions by the name of a distribution, and why those that are no permissive ones are used."""

    expressions: Mapping[str, str]
    reasons: Mapping[str, str]


def read_licences(file: Path = FILE) -> Licences:
    """Return the list of a file."""
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    return Licences(data["licences"], data["copyleft"])


def installed() -> dict[str, PackageMetadata]:
    """Return what each distribution of this Python says of itself."""
    return {re.sub(r"[-_.]+", "-", each.name).lower(): each.metadata for each in distributions()}


def objections(
    lock: Iterable[Distribution], licences: Licences, metadata: Mapping[str, PackageMetadata]
) -> Iterator[str]:
    """Say what is not as it should be, a line for each."""
    names = {each.name for each in lock}
    for name in sorted(names):
        expression = licences.expressions.get(name)
        said = _said(metadata[name]) if name in metadata else ""
        if expression is None:
            yield (
                f"{name}: found no row in {FILE.name}; expected its licence as SPDX writes it. The distribution itself"
                f" says {said or 'nothing that can be read: look into its licence file'}."
            )
            continue
        yield from _objections(name, expression, licences.reasons)
        if name in metadata and not _agrees(expression, metadata[name]):
            yield f"{name}: found {expression} in {FILE.name}; expected what the distribution says of itself: {said}."
    for name in sorted({*licences.expressions, *licences.reasons} - names):
        yield f"{name}: found in {FILE.name} and not in the lock; expected no more rows than that. Delete it."


def _objections(name: str, expression: str, reasons: Mapping[str, str]) -> Iterator[str]:
    try:
        parsed = _SPDX.parse(expression, validate=True, strict=True)
    except ExpressionError as error:
        yield f"{name}: found {expression!r}, which is no expression of SPDX ({error}); expected one, as MIT."
        return
    is_permissive = _is_permissive(parsed)
    if not is_permissive and not reasons.get(name):
        yield (
            f"{name}: found {expression}, which asks for more than its notice; expected one of"
            f" {', '.join(sorted(PERMISSIVE))}. Do without it, or say under [copyleft] in {FILE.name} why it will do."
        )
    if is_permissive and name in reasons:
        yield f"{name}: found a reason under [copyleft] and {expression}, which needs none. Delete it."


def _is_permissive(parsed: object) -> bool:
    """Tell whether an expression can be met with permissive licences alone: all of an AND, any of an OR."""
    members = [_is_permissive(each) for each in getattr(parsed, "args", ())]
    if not members:
        return str(parsed) in PERMISSIVE
    return any(members) if getattr(parsed, "operator", "").strip() == "OR" else all(members)


def _said(metadata: PackageMetadata) -> str:
    text = _field(metadata, "License").strip().splitlines()
    return _field(metadata, "License-Expression") or ", ".join(_classifiers(metadata)) or (text[0] if text else "")


def _field(metadata: PackageMetadata, name: str) -> str:
    return str((metadata.get_all(name) or [""])[0])


def _classifiers(metadata: PackageMetadata) -> list[str]:
    told = [each.rpartition(" :: ")[2] for each in metadata.get_all("Classifier") or () if each.startswith("License")]
    return [each for each in told if each != "OSI Approved"]


def _agrees(expression: str, metadata: PackageMetadata) -> bool:
    """Tell whether a distribution says so too, by its expression or else by its classifiers, if it has any."""
    stated = _field(metadata, "License-Expression")
    if stated:
        return bool(_SPDX.is_equivalent(expression, stated))
    allowed = [_CLASSIFIERS.get(each, {each}) for each in _classifiers(metadata)]
    keys = {str(key) for key in _SPDX.license_keys(expression)}
    return not allowed or (all(keys & each for each in allowed) and keys <= set().union(*allowed))


def main() -> int:
    """Print the list, and what is to be said against it."""
    lock, licences = read_lock(), read_licences()
    for each in lock:
        expression = licences.expressions.get(each.name, "?")
        reason = licences.reasons.get(each.name, "")
        print(f"{each.name:40} {each.version:20} {expression}{f' ({reason})' if reason else ''}")
    found = list(objections(lock, licences, installed()))
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
