"""Events: what the contract's webhooks say of changes, made and judged as answers are."""
