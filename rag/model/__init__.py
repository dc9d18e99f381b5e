"""A language model's endpoint: words as they come, retries, time, tokens and money."""
