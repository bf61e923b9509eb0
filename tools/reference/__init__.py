"""Pages of the documentation that are written from the source: ``python -m tools.reference`` writes them anew."""
