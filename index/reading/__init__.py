"""A transcript and what lies beside it -> an Episode: sentences, times, chapters."""
