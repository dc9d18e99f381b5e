"""The texts that are most like a question and don't answer it, from the question's own set and part."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np

from eval.fit.reader.sets import TRAINED, Corpus

KEPT = 4
BATCH = 2048


def mine(corpus: Corpus) -> None:
    """Give each item of a set of passages the texts that words alone would find first (tf-idf), without its answers' words."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts: dict[tuple[str, str], list[int]] = defaultdict(list)
    items: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, text in enumerate(corpus.texts):
        if text.set in TRAINED:
            texts[text.set, text.part].append(number)
    for number, item in enumerate(corpus.items):
        if item.set in TRAINED and item.answered:
            items[item.set, corpus.texts[item.text].part].append(number)
    for key, asked in items.items():
        places = np.array(texts[key])
        said = [corpus.texts[n].text for n in places]
        words = TfidfVectorizer(sublinear_tf=True, stop_words="english", dtype=np.float32)
        found = words.fit_transform(said).T.tocsr()
        for at in range(0, len(asked), BATCH):
            some = asked[at : at + BATCH]
            scores = (words.transform([corpus.items[n].question for n in some]) @ found).toarray()
            best = np.argsort(-scores, axis=1)[:, : 3 * KEPT]
            for row, number in enumerate(some):
                item = corpus.items[number]
                home = corpus.texts[item.text].text
                answers = [home[a:b].casefold() for a, b in item.spans if b - a >= 2]
                wrong = [
                    int(places[n])
                    for n in best[row]
                    if places[n] != item.text
                    and scores[row, n] > 0
                    and not any(a in said[n].casefold() for a in answers)
                ]
                corpus.items[number] = replace(item, wrong=tuple(wrong[:KEPT]))
