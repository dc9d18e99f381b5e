"""Labels in a transcript -> people with names and roles."""
