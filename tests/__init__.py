"""Tests: of units, on the wire, of the command line, of whole systems; what they share is in `tests.support`."""

import pytest

pytest.register_assert_rewrite("tests.support")
