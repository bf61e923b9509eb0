"""Several processes, workers of one server or replicas, whose worlds are the same."""

from mock_server.peers.peers import Peers

__all__ = ["Peers"]
