"""Several processes, workers of one server or replicas, whose worlds are the same."""

from mock_server.server.cluster.node import Peers, check_peers

__all__ = ["Peers", "check_peers"]
