"""Quotes -> the words of an answer, with a language model or without."""
