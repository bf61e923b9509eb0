"""Routing: the operation for a method and a path."""

from mock_server.openapi.routing.router import Router

__all__ = ["Router"]
