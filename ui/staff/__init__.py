"""The staff's page: Find, Person, Episode, Library, Evaluate."""
