"""A result -> a page, a table, a comparison with an older one, and limits."""
