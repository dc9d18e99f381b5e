"""The library's folder: adding, reading, changing and removing episodes.
These names are what the rest of the house uses."""

from index.library.library import AddReport, EpisodeSummary, Library, Progress, Speaker, find_transcripts

__all__ = ["AddReport", "EpisodeSummary", "Library", "Progress", "Speaker", "find_transcripts"]
