"""The admin API below /__admin: what tests tell the server, and what it tells of itself."""
