"""Validation of requests, responses and records against the contract."""
