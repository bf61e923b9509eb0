"""What a contract tells others: its webhooks, the resources that they are about, and the callbacks of operations."""
