"""What several tests use: contracts, servers, clients, readers. No module here holds a test."""
