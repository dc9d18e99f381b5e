"""Fit the turn recovery: `python -m eval fit-voices DATA` measures it on unseen shows, then writes its weights.

DATA is what `python -m eval voices-data` wrote; the weights are `speakers.npz` and `turn_layers.npz` of `index/interviews`. Shows
are held out in groups (`FOLDS`): each interview is predicted by networks that saw none of its show, with a calibration curve
and thresholds fitted on other shows; the shipped ones are fitted on all of these predictions. (A host may return in another
show: these are unseen shows, not unseen hosts.) Talks of several hosts or guests are learnt from too, a share of them and only
by the network of n-grams, and never measured.

What was fitted is kept in DATA and reused: `network-*.npz`, `context-*.npz` and `layers-*.npz`, one of each for a fold and one
for all shows; delete them and `examples.npz` to fit again. Fitting layers takes about half an hour a fold on one core, and 4 GB
of disk in DATA. `--fold N` fits one fold and ends, so that several can be fitted side by side.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from eval.fit.voices_layers import fit_layers, make_below, read_talk
from eval.fit.voices_network import Example, fit_network
from eval.run.runner import commit
from eval.studies.voices import GoldVoices, measure, table
from index.interviews.context import LAYERS, TurnContext, packed
from index.interviews.features import dense, folded, key_of, names_by_role, ngrams, tokens_of
from index.interviews.model import WEIGHTS, TurnModel
from index.interviews.panel import panel_features
from index.interviews.voices import prepare

FOLDS = (
    ("podcast", "founderstalk", "spotlight", "friends", "backstage"),
    ("shipit", "afk", "practicalai", "bigtent"),
    ("gotime", "jsparty", "rfc"),
)
MEASURED_OF_A_SHOW = 20
LEAST_OF_A_SHOW = 8
COMMON_WORDS = 2000
IN_SHOWS = 9
"""A common word, and so what is learnt, must occur in so many of the shows."""
NGRAMS = 24_000
LAYER_EPOCHS = 2
WEIGHED = 0.5, 0.5
"""How much the log-odds of the network of n-grams, and of that over the fitted layers, count."""
OUT = Path(__file__).parents[2] / "index" / "interviews"


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit the folds that are missing, write the weights of all shows, and print what each gives on shows unseen by it. Exit
    code 0."""
    parser = argparse.ArgumentParser(prog="python -m eval fit-voices", description="Fit and measure turn recovery.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument(
        "--fold", type=int, choices=range(len(FOLDS) + 1), help="fit this one only, and measure nothing"
    )
    options = parser.parse_args(arguments)
    folds = range(len(FOLDS) + 1) if options.fold is None else [options.fold]
    _fit(options.data, [fold for fold in folds if not _file(options.data, "network", fold).exists()], options.epochs)
    _fit_layers(options.data, [fold for fold in folds if not _file(options.data, "layers", fold).exists()])
    if options.fold is not None:
        return 0
    episodes = load(options.data / "punctuated.jsonl")
    raw = {episode["id"]: episode for episode in load(options.data / "raw.jsonl")}
    panel = _fit_panel(episodes)
    fitted = [_Fitted.of(options.data, fold, panel) for fold in folds]
    plain = [one.model(*_PLAIN) for one in fitted]
    of_show = {show: number for number, shows in enumerate(FOLDS) for show in shows}
    golds = [GoldVoices.of(episode) for episode in _measured(episodes)]
    bare = [GoldVoices.of(raw[gold.id]) for gold in golds]
    prepared = {gold.id: prepare(gold.sentences, gold.people, plain[of_show[gold.show]]) for gold in golds}
    log_odds = {
        one: ready.model.log_odds(ready.talk, np.zeros((len(ready.spoken), 2))) for one, ready in prepared.items()
    }
    _save(OUT / WEIGHTS, fitted[-1].model(*_calibrate(golds, log_odds)).arrays)
    _save(OUT / LAYERS, fitted[-1].layers)
    crossed = {}
    for show in sorted({gold.show for gold in golds}):
        curve = _calibrate([gold for gold in golds if gold.show != show], log_odds)
        crossed[show] = fitted[of_show[show]].model(*curve)
    ready = {gold.id: replace(prepared[gold.id], model=crossed[gold.show]) for gold in golds}
    print(table(measure(golds, ready)))
    print("\nwithout capitals and punctuation")
    ready = {gold.id: prepare(gold.sentences, gold.people, crossed[gold.show]) for gold in bare}
    print(table(measure(bare, ready, answers=(0, 5))))
    return 0


_PLAIN = (np.array([[-12.0, 12.0], [0.0, 1.0]]), (0.9, 0.9))


def load(file: Path) -> list[dict[str, Any]]:
    """The episodes of a file that `voices-data` wrote, one JSON object a line."""
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _measured(episodes: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Interviews to measure on: of each show with enough of them, as many, drawn with a fixed seed."""
    by_show = defaultdict(list)
    for episode in episodes:
        if episode["kind"] == "interview":
            by_show[episode["show"]].append(episode)
    chosen = []
    for show in sorted(by_show):
        if len(by_show[show]) >= LEAST_OF_A_SHOW:
            chosen += random.Random(1).sample(by_show[show], min(MEASURED_OF_A_SHOW, len(by_show[show])))
    return chosen


def _file(data: Path, kind: str, fold: int) -> Path:
    return data / f"{kind}-{fold}.npz"


def _held(fold: int) -> Sequence[str]:
    return FOLDS[fold] if fold < len(FOLDS) else ()


def _fit(data: Path, folds: Sequence[int], epochs: int) -> None:
    """The networks of n-grams, each of the shows that its fold doesn't hold out."""
    if not folds:
        return
    examples, words = _examples(data)
    for fold in folds:
        arrays = fit_network([e for e in examples if e.show not in _held(fold)], len(words["keys"]), epochs=epochs)
        _save(_file(data, "network", fold), arrays | words)


def _fit_layers(data: Path, folds: Sequence[int]) -> None:
    """The upper layers and the networks over them, of the interviews alone."""
    if not folds:
        return
    examples, _ = _examples(data)
    episodes = [e for e in load(data / "punctuated.jsonl") if e["kind"] != "panel"]
    interviews = [n for n, episode in enumerate(episodes) if episode["kind"] == "interview"]
    make_below(data / "below", [episodes[n] for n in interviews])
    talks = [read_talk(data / "below", episodes[n], examples[n].dense) for n in interviews]
    for fold in folds:
        layers, network = fit_layers([talk for talk in talks if talk.show not in _held(fold)], epochs=LAYER_EPOCHS)
        _save(_file(data, "context", fold), network)
        _save(_file(data, "layers", fold), packed(list(layers)))


@dataclass(frozen=True)
class _Fitted:
    """What a fold's fitting gave, and what is the same for all of them."""

    arrays: dict[str, np.ndarray]
    layers: dict[str, np.ndarray]
    context: TurnContext

    @classmethod
    def of(cls, data: Path, fold: int, panel: np.ndarray) -> _Fitted:
        made_by = {"data": data.name + "/punctuated.jsonl (Changelog, CC BY-SA 4.0)", "commit": commit()}
        extra = {
            "weights": np.array(WEIGHED, np.float32),
            "panel": panel[:-2].astype(np.float32),
            "panel_thresholds": panel[-2:].astype(np.float32),
            "made_by": np.array(json.dumps(made_by)),
        }
        arrays = {**np.load(_file(data, "network", fold)), **np.load(_file(data, "context", fold)), **extra}
        layers = dict(np.load(_file(data, "layers", fold)))
        return cls(arrays, layers, TurnContext(layers))

    def model(self, curve: np.ndarray, thresholds: tuple[float, float]) -> TurnModel:
        calibrated = {"calibration": curve.astype(np.float32), "thresholds": np.array(thresholds, np.float32)}
        return TurnModel(self.arrays | calibrated, self.context)


def _calibrate(
    golds: Sequence[GoldVoices], log_odds: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, tuple[float, float]]:
    """A rising curve of probabilities, each show weighing the same, and the thresholds of each role's precision."""
    from sklearn.isotonic import IsotonicRegression

    count = Counter(gold.show for gold in golds)
    odds = np.concatenate([log_odds[gold.id] for gold in golds])
    words = np.concatenate([gold.words for gold in golds])
    weight = np.concatenate([gold.words.sum(1) / (count[gold.show] * gold.words.sum()) for gold in golds])
    share = words[:, 1] / words.sum(1)
    fitted = IsotonicRegression(y_min=0.005, y_max=0.995, out_of_bounds="clip").fit(odds, share, sample_weight=weight)
    at = np.quantile(odds, np.linspace(0, 1, 25))
    # Smoothed over a window: the steps of the isotonic fit would give whole ranges one probability.
    chance = np.array([fitted.predict(np.linspace(x - 0.25, x + 0.25, 9)).mean() for x in at])
    curve = np.stack([at, np.maximum.accumulate(chance + np.arange(len(at)) * 1e-6)])
    p = np.interp(odds, *curve)
    return curve, (_threshold(1 - p, 1 - share, weight, PRECISION), _threshold(p, share, weight, PRECISION))


PANEL_QUANTILES = (0.95, 0.99)
"""Of interviews; the second where a host and a guest are named."""
PRECISION = 0.955
"""Wanted of the words that are attributed to either; a little above the bar of .95: an unseen show is never like the others."""


def _threshold(p: np.ndarray, share: np.ndarray, weight: np.ndarray, precision: float) -> float:
    """The lowest probability from which on the words attributed are right so often."""
    order = np.argsort(-p)
    right = np.cumsum((share * weight)[order]) / np.cumsum(weight[order])
    enough = np.flatnonzero(right >= precision)
    return float(p[order][enough[-1]]) if len(enough) else 1.01


def _fit_panel(episodes: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """Weights and bias of the panel detector, and its two thresholds: `PANEL_QUANTILES` of the interviews lie below them."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    rng = random.Random(0)
    interviews = [e for e in episodes if e["kind"] == "interview"]
    others = rng.sample([e for e in episodes if e["kind"] == "panel"], len(interviews) * 2 // 3)
    others += rng.sample([e for e in episodes if e["kind"] == "several"], len(interviews) // 3)
    rows = np.array([panel_features([s[0] for s in e["sentences"]]) for e in (*interviews, *others)])
    target = np.array([0] * len(interviews) + [1] * len(others))
    groups = np.array([e["show"] for e in (*interviews, *others)])
    model = LogisticRegression(C=1.0, max_iter=3000)
    from sklearn.model_selection import LeaveOneGroupOut

    shows = [show for show in sorted(set(groups)) if len(set(target[groups != show])) == 2]
    chance = cross_val_predict(model, rows, target, groups=groups, cv=LeaveOneGroupOut(), method="predict_proba")[:, 1]
    thresholds = np.quantile(chance[target == 0], PANEL_QUANTILES)
    kinds = np.array([e["kind"] for e in (*interviews, *others)])
    found = float((chance[kinds == "panel"] > thresholds[0]).mean())
    print(f"panels: {found:.3f} found on unseen shows ({len(shows)}), .05 of interviews taken for one")
    model.fit(rows, target)
    return np.array([*model.coef_[0], model.intercept_[0], *thresholds])


def _save(file: Path, arrays: Mapping[str, Any]) -> None:
    np.savez_compressed(file, **arrays)


def _examples(data: Path) -> tuple[list[Example], dict[str, np.ndarray]]:
    """All talks of two sides as the network reads them, and the common words and n-grams that it knows."""
    cached = data / "examples.npz"
    episodes = [e for e in load(data / "punctuated.jsonl") if e["kind"] != "panel"]
    if not cached.exists():
        _save(cached, _build(episodes))
    arrays = dict(np.load(cached))
    words = {"keys": arrays["keys"], "common": arrays["common"]}
    return [Example.unpack(arrays, number, episode) for number, episode in enumerate(episodes)], words


def _build(episodes: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
    token_lists = [[tokens_of(text) for text, _, _ in episode["sentences"]] for episode in episodes]
    common = _common(episodes, token_lists)
    counts: Counter[int] = Counter()
    read = []
    for episode, tokens in zip(episodes, token_lists, strict=True):
        names = names_by_role(episode["names"]["host"], episode["names"]["guest"])
        named = [[key_of(ngram) for ngram in ngrams(folded(sentence, common, names))] for sentence in tokens]
        plain = [
            [key_of(ngram) for ngram in ngrams(folded(sentence, common, {}))]
            if any(token.lower() in names for token in sentence)
            else keys
            for sentence, keys in zip(tokens, named, strict=True)
        ]
        counts.update({key for keys in named for key in keys})
        read.append((named, plain, dense(tokens, common, names)))
    keys = np.array(sorted(key for key, _ in counts.most_common(NGRAMS)), np.uint32)
    row_of = {int(key): row for row, key in enumerate(keys)}
    arrays: dict[str, np.ndarray] = {"keys": keys, "common": np.array(" ".join(sorted(common)))}
    for number, (named, plain, features) in enumerate(read):
        arrays |= Example.pack(number, named, plain, features, row_of)
    return arrays


def _common(episodes: Sequence[Mapping[str, Any]], token_lists: Sequence[Sequence[Sequence[str]]]) -> frozenset[str]:
    shows: dict[str, set[str]] = defaultdict(set)
    counts: Counter[str] = Counter()
    for episode, tokens in zip(episodes, token_lists, strict=True):
        used = {token.lower() for sentence in tokens for token in sentence if token[0].isalpha()}
        counts.update(used)
        for word in used:
            shows[word].add(episode["show"])
    most = [word for word, _ in counts.most_common(2 * COMMON_WORDS) if len(shows[word]) >= IN_SHOWS]
    return frozenset([*most[:COMMON_WORDS], "?", "!", ","])


if __name__ == "__main__":
    sys.exit(main())
