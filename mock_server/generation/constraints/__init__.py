"""All that holds for one value, gathered from the schemas that apply to it: a class for each JSON type."""
