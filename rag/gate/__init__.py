"""A language model's sentence -> shown, replaced or withheld, as the quotes it cites support it."""
