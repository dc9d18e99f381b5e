"""Transcripts without labels -> host or guest, sentence by sentence, with a probability."""
