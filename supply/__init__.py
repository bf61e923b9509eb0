"""What the project is made of: the distributions of its locks, their licences, what is known of them."""
