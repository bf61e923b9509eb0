"""The ground: what every other package uses and that knows nothing of HTTP or OpenAPI."""
