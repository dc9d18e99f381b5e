"""For staff: every passage about a topic, every place of exact words, one person, exports."""
