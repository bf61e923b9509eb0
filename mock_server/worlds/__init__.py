"""Worlds: isolated environments, each with its journal, coverage, scenario states, rate limits and clock."""
