"""Tests: of units, on the wire, of the command line, of whole systems; what they share is in `tests.support`."""

import sys

import pytest

# Also where the environment has Python write no bytecode: else each process of pytest compiles 1,500 modules anew.
sys.dont_write_bytecode = False

pytest.register_assert_rewrite("tests.support")
