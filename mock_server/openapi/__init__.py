"""Contracts: reading, repairing, checking and freezing them; and the validation of requests and answers."""
