"""State: what operations create can be read, listed, changed and deleted, in the world in which they were created."""
