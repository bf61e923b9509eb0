"""What watches requests: the access log and traces."""
