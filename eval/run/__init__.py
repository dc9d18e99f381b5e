"""A question set and a library -> figures: each question asked and measured."""
