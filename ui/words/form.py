"""The one form in which a page's sentences are kept: a key each, with names in braces for what is filled in.

Translate the right-hand sides, and the page speaks that language; keep the braces as they are. Values are never templates:
what a stranger wrote is filled in once and not looked through again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class Words(Mapping[str, str]):
    """The sentences of some screens by their keys. Called with a key, it fills one in: `said("asks", person="Ann")`."""

    def __init__(self, sentences: Mapping[str, str]) -> None:
        self._sentences = dict(sentences)

    def __call__(self, key: str, /, **values: object) -> str:
        """The sentence of that key with its values filled in, as plain text. KeyError: a value or the key is missing."""
        return self._sentences[key].format(**values)

    def __getitem__(self, key: str) -> str:
        """The sentence as it is kept, with its braces."""
        return self._sentences[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sentences)

    def __len__(self) -> int:
        return len(self._sentences)
