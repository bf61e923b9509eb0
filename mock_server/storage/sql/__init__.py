"""Records in the tables of SQLite or PostgreSQL."""
