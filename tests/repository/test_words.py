"""Pages have words that readers know; ``make docs`` says the same, and looks at the built site too."""

from __future__ import annotations

import subprocess

import pytest

from tests.support.paths import ROOT

PYTHON = ROOT / ".venv/docs/bin/python"
PROGRAM = "from docs.site.__main__ import page_errors; print(*page_errors(), sep='\\n', end='')"


@pytest.mark.skipif(not PYTHON.exists(), reason="make docs installs the dictionary, and checks the words itself")
def test_pages_have_known_words() -> None:
    done = subprocess.run([PYTHON, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
    assert done.stdout == "", "words of docs/site/words.toml are known too"
