"""Build what is released, and try it in an empty environment of every Python that is here.

    python -m supply.release DIRECTORY [--final] [--uv UV]

Into the directory go the source distribution, the wheel that is built of it, the bill of materials and the notes.
The exit code is 1 where a command of the documentation does not do what it says, where the changelog has no section of
the version, or with ``--final`` where that has no date yet.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from supply.interpreters import SUPPORTED, interpreters
from supply.lock import ROOT, read_lock
from supply.release_notes import CHANGELOG, release_notes
from supply.sbom import write_bom
from supply.trial import TrialError, install, install_by_uv, install_checkout, install_extras, use


def version() -> str:
    """Return the version that is to be released, from the one place that has it."""
    project: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["version"]


def build(directory: Path) -> Path:
    """Write source distribution and wheel, and return the wheel, which is built of the former."""
    for old in [*directory.glob("contract_mock_server-*.whl"), *directory.glob("contract_mock_server-*.tar.gz")]:
        old.unlink()
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(directory), str(ROOT)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # our own words
    (wheel,) = directory.glob("contract_mock_server-*.whl")
    return wheel


def main() -> int:
    """Build, try, print a line for each Python, and return the exit code."""
    parser = argparse.ArgumentParser(prog="release", description="Build what is released, and try it.")
    parser.add_argument("directory", type=Path, metavar="DIRECTORY", help="where the files go")
    parser.add_argument("--final", action="store_true", help="refuse a version without a date in the changelog")
    parser.add_argument("--uv", type=Path, help="the program uv, to be measured as well")
    options = parser.parse_args()
    directory: Path = options.directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    try:
        notes = release_notes(version(), CHANGELOG.read_text(encoding="utf-8"))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    if options.final and notes.date is None:
        print(f"{CHANGELOG.name}: found {notes.version} (unreleased); expected its date.", file=sys.stderr)
        return 1
    wheel = build(directory)
    (directory / "release-notes.md").write_text(notes.text, encoding="utf-8")
    (directory / "contract-mock-server.cdx.json").write_text(write_bom(read_lock()), encoding="utf-8")
    print(*(file.name for file in sorted(directory.iterdir()) if file.is_file()), sep="\n")
    return _try(wheel, options.uv.absolute() if options.uv else None)


def _try(wheel: Path, uv: Path | None) -> int:
    programs = interpreters()
    for missing in [minor for minor in SUPPORTED if minor not in programs]:
        print(f"Python {missing}: not on this machine")
    failures = 0
    for minor, program in programs.items():
        try:
            print(f"Python {minor}: {_trial(wheel, program, uv)}; the README's commands work", flush=True)
        except TrialError as error:
            print(f"Python {minor}: {error}", file=sys.stderr)
            failures += 1
    if not failures and programs:
        failures = _try_sources(wheel, programs[max(programs, key=SUPPORTED.index)])
    return 1 if failures or not programs else 0


def _trial(wheel: Path, program: Path, uv: Path | None) -> str:
    """Install a wheel and use it; return what it took. Raises :class:`TrialError`."""
    with tempfile.TemporaryDirectory(prefix="release-") as place:
        installation = install(wheel, program, Path(place))
        use(Path(place))
        by_uv = "" if uv is None else f" ({install_by_uv(uv, wheel, program, Path(place)):.1f} s by uv)"
        install_extras(Path(place))
    return (
        f"installed in {installation.seconds:.1f} s{by_uv}, {installation.distributions} distributions,"
        f" {installation.size / 1e6:.0f} MB, {installation.byte_code / 1e6:.0f} of them byte code"
    )


def _try_sources(wheel: Path, program: Path) -> int:
    """Install the source distribution next to a wheel; return 1 where that fails."""
    (sources,) = wheel.parent.glob("contract_mock_server-*.tar.gz")
    with tempfile.TemporaryDirectory(prefix="release-") as place:
        try:
            install_checkout(sources, program, Path(place))
        except TrialError as error:
            print(f"the source distribution: {error}", file=sys.stderr)
            return 1
    print("the source distribution: installed as the README says", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
