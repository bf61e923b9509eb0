"""Made-up input against every place that reads some: whatever it is, no traceback, no 500, and an answer in time."""
