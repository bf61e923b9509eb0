"""The console: pages for people at the paths of the admin API, rendered here and readable without script."""
