"""The states of scenarios."""

STARTED = "Started"
"""The initial state of everything; the name is WireMock's."""
