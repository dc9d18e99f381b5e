"""Transcript files -> a library on disk that can be searched."""
