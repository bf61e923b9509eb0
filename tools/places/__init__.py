"""Make the tables of places that the server draws addresses from, of postal codes and cities (docs/data.md)."""
