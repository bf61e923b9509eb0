"""Requests of HTTP clients to a host that is written into them, led to a world instead.

Each module patches one library where it is about to send a request, as long as there is a route, and imports it only
where the process has imported it.
"""
