"""Believable values: people, places, companies, numbers and codes of countries."""
