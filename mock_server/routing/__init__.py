"""Which operation a method and a path mean."""

from mock_server.routing.router import Router

__all__ = ["Router"]
