"""The reader: how near each sentence of a passage comes to answering a question. Scores only; it decides nothing."""
