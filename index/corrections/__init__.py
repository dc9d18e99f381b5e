"""Corrections of speakers, times and words, and an Episode with them applied."""
