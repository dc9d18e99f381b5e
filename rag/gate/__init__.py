"""A language model's sentence -> shown, replaced or withheld: the quotes it cites must support every word."""
