"""The endpoints of the admin API, one module a noun."""
