"""Studies of reading: spoiled files, hostile files, expressions, whole folders."""
