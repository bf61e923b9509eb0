"""A server under all that a test fleet does to it, for as long as is wished: what stays, and what gets slower."""
