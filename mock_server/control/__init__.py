"""What the server tells of itself, under ``/__admin/``."""

from mock_server.control.routes import PREFIX, Control

__all__ = ["PREFIX", "Control"]
