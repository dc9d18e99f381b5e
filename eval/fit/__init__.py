"""What fits the numbers and networks that are shipped."""
