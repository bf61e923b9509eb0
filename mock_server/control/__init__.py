"""What the server tells of itself and what a test tells it, under ``/__admin/``."""

from mock_server.control.router import PREFIX
from mock_server.control.routes import Control

__all__ = ["PREFIX", "Control"]
