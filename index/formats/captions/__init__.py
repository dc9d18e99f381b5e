"""Subtitle files, SubRip and WebVTT -> cues -> turns."""
