"""The admin API under ``/__admin/``: it shows the state of the server and takes instructions from tests."""

from mock_server.control.router import PREFIX
from mock_server.control.routes import Control

__all__ = ["PREFIX", "Control"]
