"""JSON transcripts -> turns: the podcast namespace's, Whisper's and its kin's, lists of lines."""
