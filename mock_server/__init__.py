"""An OpenAPI contract becomes the API."""
