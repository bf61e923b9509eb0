"""What happens in a world that others are told of: the events of the contract's webhooks."""
