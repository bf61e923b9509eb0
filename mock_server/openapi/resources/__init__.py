"""What a contract tells of the things behind it: resources, their keys, views and relations, and what operations do."""
