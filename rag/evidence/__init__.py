"""A question -> quotes found, chosen and checked, and the decision whether they answer it."""
