"""HTTP as the RFCs describe it: messages, media types, negotiation, preferences, problem details, bodies."""
