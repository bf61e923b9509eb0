"""From a request to a response: selection, generation, errors, streams and the response cache."""
