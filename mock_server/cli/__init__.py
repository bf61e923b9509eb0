"""The command line: ``mock-server``, also ``python -m mock_server``."""

from mock_server.cli.program import main

__all__ = ["main"]
