"""Values of each JSON type, made to satisfy constraints."""
