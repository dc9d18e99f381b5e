"""Quotes, or passages that a language model reads -> the words of an answer."""
