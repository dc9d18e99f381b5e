"""Made-up results of `verbatim eval --json`, of the shape that it writes. Holds no tests."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from copy import deepcopy
from typing import Any

from eval.run.metrics import mean_with_interval

Result = dict[str, Any]

PEOPLE = {"kettle": "Bo Lund", "lantern": "Cat Moor", "a-clock-without-hands": "Dov Ames"}
TITLES = {
    "kettle": "The copper kettle",
    "lantern": "A lantern from the sea",
    "a-clock-without-hands": "A clock without hands",
}
THINGS = (
    "the spout",
    "the north harbour",
    "the glass pane",
    "the ring of tin",
    "the angry crab",
    "the second mainspring",
)
KINDS = {
    "fact": "answered",
    "paraphrase": "answered",
    "follow_up": "answered",
    "number": "answered",
    "trap": "said_by_other",
    "never_said": "not_said",
    "unknown_person": "unknown_person",
}


def made_by(name: str = "mended", **fields: Any) -> dict[str, Any]:
    return {
        "settings": {"library": "library", "embeddings": "all-MiniLM-L6-v2", "model": None, "passages": 8, "quotes": 3},
        "model": "all-MiniLM-L6-v2",
        "commit": "abc1234",
        "machine": "x86_64, 2 cores, Python 3.11.7",
        "seconds": 61.2,
        "date": "2026-11-24T19:00:00+00:00",
        "questions": {"file": f"sets/{name}.jsonl", "name": name, "sha256": "5f" * 32, "n": 0, "skipped": 0},
        "library": {"episodes": 3, "passages": 64},
        "passages": "150w60s60",
        "weights": {"lexical": 0.5, "speaker": 0.3},
        **fields,
    }


def a_result(n: int = 70, *, skill: float = 0.75, seed: int = 0, **fields: Any) -> Result:
    """`n` questions of every kind in turn; each stage gets about `skill` of them right. `fields` go into made_by."""
    rng = random.Random(seed)
    kinds = list(KINDS)
    return of_rows([a_row(number, kinds[number % len(kinds)], rng, skill) for number in range(n)], **fields)


def of_rows(rows: list[dict[str, Any]], **fields: Any) -> Result:
    """The result that these questions make: means, quantiles, verdicts and the curve are computed from them."""
    made = made_by(**fields)
    made["questions"] = {**made["questions"], "n": len(rows)}
    return {
        "made_by": made,
        "metrics": _metrics(rows),
        "quantiles": _quantiles(rows),
        "verdicts": _verdicts(rows),
        "risk_coverage": _curve(rows),
        "questions": rows,
    }


def with_metric(result: Result, metric: str, values: list[float]) -> Result:
    """The same questions with other values of one metric, one for each question that has it, in order."""
    rows = deepcopy(result["questions"])
    having = [row for row in rows if metric in row["metrics"]]
    for row, value in zip(having, values, strict=True):
        row["metrics"][metric] = value
    return of_rows(rows, **deepcopy(result["made_by"]))


def a_row(number: int, kind: str, rng: random.Random, skill: float) -> dict[str, Any]:
    """One question; what happens to it is drawn stage by stage, and its metrics follow from that."""
    expected = KINDS[kind]
    episode = list(PEOPLE)[number % len(PEOPLE)]
    speaker, thing = PEOPLE[episode], THINGS[number // 2 % len(THINGS)]
    answerable = expected in ("answered", "said_by_other")
    rank = (1 if rng.random() < skill else rng.randint(2, 14)) if answerable else None
    verdict = expected if rng.random() < skill else ("not_said" if answerable else "answered")
    cited = rank is not None and rank <= 8 and rng.random() < skill + 0.1 and verdict == expected
    quotes = [] if verdict in ("not_said", "unknown_person") else [_citation(episode, speaker, thing, rng, cited)]
    row: dict[str, Any] = {
        "id": f"{kind}-{number:02}", "kind": kind, "half": ("dev", "test")[number % 2],
        "question": f"What did {speaker.split()[0]} do with {thing}, and was it number {number}?",
        "asked": f"What did {speaker} do with {thing}, and was it number {number}?",
        "history": [{"role": "user", "content": "Which lamp was it?"},
                    {"role": "assistant", "content": "The one from the boat. [1]"}] if kind == "follow_up" else [],
        "filters": {"guest": speaker} if number % 5 == 0 else {},
        "expected": expected, "verdict": verdict, "speaker": speaker if answerable else None,
        "confidence": round(rng.uniform(0.5, 1) if cited else rng.uniform(0, 0.8), 3),
        "gold": [{"episode": episode, "start": 63.5, "end": 76.1, "text": None}] if answerable else [],
        "reference": f"Bo kept {thing} in a jar." if answerable else None,
        "answer": f"{speaker} said: “{quotes[0]['quote']}” [1]" if quotes else "Nobody says anything about this here.",
        "found": [_found(position, position == rank, episode, rng) for position in range(1, 11)],
        "citations": quotes,
        "seconds": {"question": rng.uniform(0, 0.002), "retrieve": rng.lognormvariate(-4.4, 0.5),
                    "write": rng.lognormvariate(-5, 0.8), "check": rng.uniform(0.001, 0.004)},
        "tokens": None, "cost": None, "error": None, "start_error_s": None,
    }  # fmt: skip
    row["metrics"] = _row_metrics(row, rank, cited, rng)
    row["stage"] = _stage(row, answerable)
    return row


def _citation(episode: str, speaker: str, thing: str, rng: random.Random, right: bool) -> dict[str, Any]:
    start = 64.0 + rng.choice((0.2, 0.4, 1.7, 4.0, 9.5, 24.0, -40.0)) if right else rng.uniform(100, 4000)
    return {
        "n": 1,
        "episode": episode,
        "title": TITLES[episode],
        "show": "Mended",
        "date": "2024-02-01",
        "speaker": speaker,
        "role": "guest",
        "speaker_source": "labelled",
        "start": round(start, 2),
        "end": round(start + 5, 2),
        "time_source": "transcript",
        "time_error": 0.0,
        "quote": f"I never could throw {thing} away, so it went into a jar on the sill.",
        "check": "verified",
        "url": f"https://example.org/{episode}#t={start:.1f}",
        "right": right,
    }


def _found(position: int, relevant: bool, episode: str, rng: random.Random) -> dict[str, Any]:
    start = 61.0 if relevant else round(rng.uniform(100, 4000), 1)
    return {
        "episode": episode,
        "title": TITLES[episode],
        "start": start,
        "end": start + 57,
        "first": 10,
        "last": 19,
        "score": round(1 - position * 0.07, 3),
        "words": rng.randint(90, 150),
        "relevant": relevant,
    }


def _row_metrics(row: dict[str, Any], rank: int | None, cited: bool, rng: random.Random) -> dict[str, float]:
    metrics: dict[str, float] = {}
    if row["gold"]:
        place = rank if rank is not None and rank <= 10 else None
        for k in (1, 5, 10):
            metrics[f"hit@{k}"] = float(place is not None and place <= k)
        metrics |= {"recall@10": float(place is not None), "mrr@10": 1 / place if place else 0.0}
        metrics["passage_words"] = sum(found["words"] for found in row["found"]) / 10
        metrics |= dict.fromkeys(("citation_hit", "citation_precision", "citation_recall"), float(cited))
        metrics["speaker_right"] = float(bool(row["citations"]) and rng.random() < 0.9)
        metrics["token_f1"] = rng.uniform(0.2, 0.8) if cited else 0.1
        if cited:
            row["start_error_s"] = abs(row["citations"][0]["start"] - row["gold"][0]["start"])
    metrics["quotes_exact"], metrics["wrong_speaker"] = 1.0, 0.0
    metrics["verdict_right"] = float(row["verdict"] == row["expected"])
    metrics["refused"] = float(not row["citations"])
    answerable = row["expected"] in ("answered", "said_by_other")
    name = "wrongly_refused" if answerable else "wrongly_answered"
    metrics[name] = float(answerable != bool(row["citations"]))
    return metrics


def _stage(row: dict[str, Any], answerable: bool) -> str | None:
    metrics = row["metrics"]
    if metrics.get("wrongly_answered"):
        return "wrongly_answered"
    if answerable and not metrics["hit@10"]:
        return "not_found"
    if metrics.get("wrongly_refused"):
        return "wrongly_refused"
    if not metrics["verdict_right"]:
        return "wrong_verdict"
    if answerable and not metrics["citation_hit"]:
        return "found_not_cited"
    return "wrong_speaker" if answerable and not metrics["speaker_right"] else None


def _metrics(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        across = [f"half:{row['half']}"] * bool(row["half"]) + ["with history"] * bool(row["history"])
        for group in ("all", row["kind"], *across):
            groups[group].append(row)
    return {group: _means(inside) for group, inside in groups.items()}


def _means(rows: list[dict[str, Any]]) -> dict[str, Any]:
    values: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for name, value in row["metrics"].items():
            values[name].append(value)
        for verdict in ("not_said", "said_by_other", "asked_not_answered", "unknown_person"):
            right = float(row["verdict"] == row["expected"])
            if row["verdict"] == verdict:
                values[f"{verdict}_precision"].append(right)
            if row["expected"] == verdict:
                values[f"{verdict}_recall"].append(right)
    return {name: mean_with_interval(found) for name, found in values.items()}


def _quantiles(rows: list[dict[str, Any]]) -> dict[str, Any]:
    values: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for stage, seconds in row["seconds"].items():
            values[f"seconds_{stage}"].append(seconds)
        values["seconds_total"].append(sum(row["seconds"].values()))
        if row.get("start_error_s") is not None:
            values["start_error_s"].append(row["start_error_s"])
    made = {}
    for name, found in values.items():
        ordered = sorted(found)
        ends = {f"p{p}": ordered[min(len(ordered) - 1, len(ordered) * p // 100)] for p in (50, 90, 95)}
        made[name] = ends | {"n": len(ordered)}
    return {"all": made}


def _verdicts(rows: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        counts[row["expected"]][row["verdict"]] += 1
    return {expected: dict(got) for expected, got in counts.items()}


def _curve(rows: list[dict[str, Any]]) -> dict[str, Any]:
    ranked = sorted(rows, key=lambda row: -row["confidence"])
    points, wrong = [], 0
    for count, row in enumerate(ranked, start=1):
        wrong += row["stage"] is not None
        points.append({"coverage": count / len(ranked), "risk": wrong / count, "confidence": row["confidence"]})
    area = sum(point["risk"] for point in points) / len(points) if points else 0.0
    return {"points": points, "area": area, "n": len(points)}
