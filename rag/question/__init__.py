"""A question -> what it asks: people, filters, type of answer, plan; follow-ups rewritten."""
