"""The library's folder: adding, reading, changing and removing episodes.
These names are what the rest of the house uses."""

from index.library.adding import AddReport, Progress, find_transcripts
from index.library.library import Library
from index.library.tables.summaries import EpisodeSummary, Speaker

__all__ = ["AddReport", "EpisodeSummary", "Library", "Progress", "Speaker", "find_transcripts"]
