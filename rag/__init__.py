"""A question -> a checked answer with its quotes."""
