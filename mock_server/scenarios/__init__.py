"""Scenarios: what a test wants answered instead, as data, and which requests they match."""
