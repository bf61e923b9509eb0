"""What fuzzing found once, and what it begins with, is answered as it has to be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.served import SUBJECT
from tests.fuzz.target import CORPUS, Case
from tests.fuzz.targets import TARGETS


@pytest.fixture(scope="module", autouse=True)
def subject(own_cache: None) -> Iterator[None]:
    """Have the server of these cases end with them."""
    yield
    SUBJECT.close()


@pytest.mark.parametrize("file", sorted(CORPUS.glob("*.json")), ids=lambda file: file.stem)
def test_case_of_the_corpus_shows_no_fault(file: Path) -> None:
    case = Case.read(file)
    TARGETS[case.target].check(case.example)
