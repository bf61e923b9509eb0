"""Compiled makers: what a schema leaves open is worked out once, and each value is a run through it."""
