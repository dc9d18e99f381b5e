"""The reader: a question and a passage -> whether it answers, by whom, and with which sentences. Scores only; it decides nothing."""
