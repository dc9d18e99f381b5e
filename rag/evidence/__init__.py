"""A question -> quotes found, chosen and checked; the decision to answer or to refuse."""
