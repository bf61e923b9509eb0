"""Making of records: what was sent, what only servers set, and what nobody told; and what views show of them."""
