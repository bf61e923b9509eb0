"""Generated data: a value is a function of seed, resource, identity and JSON Pointer."""
