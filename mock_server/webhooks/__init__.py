"""Delivery of events: endpoints, what is sent to them and when, how it is signed, and who may be called."""
