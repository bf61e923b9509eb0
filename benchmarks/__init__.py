"""Speed and memory, measured in one run against the server beneath."""
