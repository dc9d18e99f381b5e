"""`verbatim eval` from question to result: what counts, what is lost where, and that saboteurs are caught."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from endpoint import Endpoint
from talks import write_show

from eval.command import GATES
from eval.report.limits import check_limits, load_limits
from eval.run.judge import Judge
from eval.run.measure import Options
from eval.run.runner import SetIdentity, evaluate
from eval.sets.questions import Gold, SetQuestion
from eval.sets.readers import read_set
from index.library import Library
from index.search.encoder import load_encoder
from rag.answer import Done
from rag.assistant import Assistant
from rag.evidence.quotes import fitted
from rag.evidence.retrieve import Retriever
from rag.settings import Settings
from ui.terminal import cli

ROOT = Path(__file__).parents[2]
SAMPLES = read_set(ROOT / "eval/data/samples.jsonl").questions
SETTINGS = Settings()

SPOUT = SetQuestion(
    "spout",
    "What did Bo solder around the spout?",
    "fact",
    "answered",
    (Gold("kettle", 12, 15),),
    "Bo Lund",
    answer="tin",
)
CRAB = SetQuestion(
    "crab", "What would Ann have kept?", "fact", "answered", (Gold("lantern", 12, 15),), "Ann Hale", half="dev"
)
NEVER = SetQuestion("never", "What did Bo say about submarines?", "never_said", "not_said", ())
AGAIN = SetQuestion(
    "again",
    "And what about an umbrella?",
    "follow_up",
    "answered",
    (Gold("kettle", 24, 27),),
    "Bo Lund",
    history=({"role": "user", "content": "What did Bo mend?"},),
)
FOUR = (SPOUT, CRAB, NEVER, AGAIN)


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    folder = tmp_path_factory.mktemp("mended")
    Library.create(folder / "library", "hashing").add([write_show(folder / "talks")])
    return Assistant(Library.open(folder / "library"), SETTINGS)


def row(result: dict, id_: str) -> dict:
    return next(row for row in result["questions"] if row["id"] == id_)


# What a result says


def test_a_result_says_what_made_it_and_how_each_question_went(show):
    result = evaluate(show, FOUR, replace(SETTINGS, api_key="secret", base_url="http://127.0.0.1:9/v1"))
    made_by = result["made_by"]
    assert made_by["questions"]["n"] == 4 and made_by["library"] == {
        "episodes": 2,
        "passages": show.library.passage_count(),
    }
    assert "secret" not in json.dumps(result) and "/v1" not in json.dumps(result), "results are sent on"
    assert set(result["metrics"]) == {"all", "fact", "half:dev", "never_said", "follow_up", "with history"}
    assert {
        name: metric["n"] for name, metric in result["metrics"]["all"].items() if name in ("hit@5", "verdict_right")
    } == {"hit@5": 3, "verdict_right": 4}
    spout = row(result, "spout")
    assert spout["metrics"]["hit@1"] == 1 and spout["found"][0]["episode"] == "kettle" and spout["found"][0]["relevant"]
    assert sum(sum(got.values()) for got in result["verdicts"].values()) == 4
    assert result["risk_coverage"]["n"] == 4
    assert result["quantiles"]["all"]["seconds_total"]["n"] == 4
    json.dumps(result)  # all of it


def test_a_question_that_raises_is_wrong_and_listed_and_the_others_go_on(show):
    lost = replace(SPOUT, id="lost", filters={"guest": "Nobody Here"})
    gone = replace(SPOUT, id="gone", gold=(Gold("no-such-episode", 1, 2),))
    result = evaluate(show, [SPOUT, lost, gone], SETTINGS)
    assert row(result, "lost")["error"].startswith("QuestionError: Nobody called 'Nobody Here'")
    assert "no-such-episode" in row(result, "gone")["error"]
    assert {row(result, id_)["stage"] for id_ in ("lost", "gone")} == {"failed"}
    for name in ("hit@5", "citation_hit", "verdict_right", "speaker_right", "token_f1"):
        metric = result["metrics"]["all"][name]
        assert metric["n"] == 3 and metric["mean"] == pytest.approx(row(result, "spout")["metrics"][name] / 3, abs=1e-4)


def test_a_bug_of_ours_costs_its_question_and_not_the_run(show):
    class Broken(Retriever):
        def retrieve(self, question, scope, *, k=8):
            if "spout" in question.asked:
                raise RuntimeError("out of memory")
            return super().retrieve(question, scope, k=k)

    result = evaluate(Assistant(show.library, SETTINGS, retriever=Broken(show.library)), FOUR, SETTINGS)
    assert row(result, "spout")["error"] == "RuntimeError: out of memory" and row(result, "crab")["error"] is None


def test_without_answers_only_finding_is_measured(show):
    result = evaluate(show, FOUR, SETTINGS, options=Options(finding_only=True))
    assert "hit@1" in result["metrics"]["all"] and "verdict_right" not in result["metrics"]["all"]
    assert result["risk_coverage"] is None and result["verdicts"] == {}


def test_answers_that_stay_the_same_are_stable_and_others_are_not(show):
    class Moody(Assistant):
        def ask(self, question, history=(), filters=None):
            self.asked = getattr(self, "asked", 0) + 1
            for event in super().ask(question, history, filters):
                if isinstance(event, Done) and self.asked % 2:
                    event = Done(replace(event.answer, citations=(), verdict="not_said"))
                yield event

    assert evaluate(show, [SPOUT], SETTINGS, options=Options(repeat=3))["metrics"]["all"]["stable"]["mean"] == 1
    moody = Moody(show.library, SETTINGS)
    assert evaluate(moody, [SPOUT], SETTINGS, options=Options(repeat=3))["metrics"]["all"]["stable"]["mean"] == 0


# Going on after an interruption


class Interrupted(Assistant):
    """Is stopped by hand at its third question."""

    asked = 0

    def ask(self, question, history=(), filters=None):
        self.asked += 1
        if self.asked == 3:
            raise KeyboardInterrupt
        return super().ask(question, history, filters)


class Counted(Assistant):
    asked = 0

    def ask(self, question, history=(), filters=None):
        self.asked += 1
        return super().ask(question, history, filters)


def without_clock(result: dict) -> dict:
    shown = json.loads(json.dumps(result))
    for name in ("seconds", "date", "resumed"):
        del shown["made_by"][name]
    for of_kind in shown["quantiles"].values():
        for name in [name for name in of_kind if name.startswith("seconds")]:
            del of_kind[name]
    for question in shown["questions"]:
        del question["seconds"]
    return shown


def test_an_interrupted_run_goes_on_where_it_stopped(show, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        evaluate(Interrupted(show.library, SETTINGS), FOUR, SETTINGS, resume_in=tmp_path)
    (held,) = tmp_path.glob("run-*.jsonl")
    with held.open("a", encoding="utf-8") as torn:
        torn.write('\n{"id": "never", "ki')  # killed in the middle of a line
    counted = Counted(show.library, SETTINGS)
    result = evaluate(counted, FOUR, SETTINGS, resume_in=tmp_path)
    assert counted.asked == 2 and result["made_by"]["resumed"] == 2
    assert without_clock(result) == without_clock(evaluate(show, FOUR, SETTINGS))
    assert not list(tmp_path.glob("run-*")), "a run that is done leaves nothing to go on with"


def test_what_another_run_measured_is_not_taken_over(show, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        evaluate(Interrupted(show.library, SETTINGS), FOUR, SETTINGS, resume_in=tmp_path)
    for other in ({"settings": replace(SETTINGS, quotes=1)}, {"options": Options(repeat=2)}, {"questions": FOUR[:3]}):
        counted = Counted(show.library, SETTINGS)
        arguments = {"questions": FOUR, "settings": SETTINGS, "options": Options()} | other
        questions, settings = arguments.pop("questions"), arguments.pop("settings")
        assert evaluate(counted, questions, settings, resume_in=tmp_path, **arguments)["made_by"]["resumed"] == 0


# Saboteurs: each must fail the gates


class CachingEncoder:
    """The embedded model, remembering what it was asked: six runs over the same texts."""

    def __init__(self) -> None:
        self.real = load_encoder()
        self.fingerprint = self.real.fingerprint
        self.known: dict[str, np.ndarray] = {}

    def encode(self, texts, *, query=False):
        new = [text for text in dict.fromkeys(texts) if text not in self.known]
        self.known.update(zip(new, self.real.encode(new, query=query) if new else [], strict=True))
        return np.stack([self.known[text] for text in texts])

    def knows(self, word):
        return self.real.knows(word)


@pytest.fixture(scope="module")
def samples(samples_library: Path) -> Library:
    return Library.open(samples_library, CachingEncoder())


def fallen(assistant: Assistant, questions: Sequence[SetQuestion] = SAMPLES[::6]) -> set[str]:
    """The metrics whose gates fall."""
    result = evaluate(assistant, questions, SETTINGS, source=SetIdentity("samples", "", ""))
    return {one.limit.metric for one in check_limits(result, load_limits(GATES)) if one.status == "failed"}


class Retelling(Assistant):
    """An assistant whose answers are changed on their way to the reader."""

    def ask(self, question, history=(), filters=None):
        for event in super().ask(question, history, filters):
            yield Done(self.retold(event.answer)) if isinstance(event, Done) else event


class SwappedSpeakers(Retelling):
    def retold(self, answer):
        def swapped(citation):
            people = [p.name for p in self.library.episode(citation.episode).people if p.name != citation.speaker]
            return replace(citation, speaker=people[0] if people else citation.speaker)

        return replace(answer, citations=tuple(swapped(citation) for citation in answer.citations))


class AlteredQuotes(Retelling):
    def retold(self, answer):
        def altered(quote):
            words = quote.split()
            words[len(words) // 2] = "herring"
            return " ".join(words)

        return replace(answer, citations=tuple(replace(c, quote=altered(c.quote)) for c in answer.citations))


class AlwaysRefuses(Retelling):
    def retold(self, answer):
        return replace(answer, verdict="not_said", citations=(), nearest=())


class WorstFirst(Retriever):
    def retrieve(self, question, scope, *, k=8):
        return list(reversed(super().retrieve(question, scope, k=100)))[:k]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_gates_pass_what_is_sound_and_fail_every_saboteur(samples, monkeypatch):
    assert fallen(Assistant(samples, SETTINGS), SAMPLES) == set()
    assert {"hit@5", "citation_hit"} <= fallen(Assistant(samples, SETTINGS, retriever=WorstFirst(samples)))
    assert {"wrong_speaker", "speaker_right"} <= fallen(SwappedSpeakers(samples, SETTINGS))
    assert "quotes_exact" in fallen(AlteredQuotes(samples, SETTINGS))
    assert {"wrongly_refused", "citation_hit"} <= fallen(AlwaysRefuses(samples, SETTINGS))
    monkeypatch.setitem(fitted(read=True)["refusal"], "threshold", 0.0)
    assert "wrongly_answered" in fallen(Assistant(samples, SETTINGS))


# A judge, which decides nothing


def test_a_judge_is_asked_about_question_quote_and_reference_only(show, endpoint: Endpoint):
    endpoint.says = ["<think>hm</think>", "WRONG: the quote says ", "nothing of tin."]
    plain = evaluate(show, [SPOUT], SETTINGS)
    judged = evaluate(show, [SPOUT], SETTINGS, options=Options(judge=Judge(endpoint.settings())))
    assert row(judged, "spout")["judged"] == {"verdict": "wrong", "why": "the quote says nothing of tin."}
    assert judged["metrics"]["all"]["judge_right"]["mean"] == 0
    for name in ("verdict_right", "citation_hit"):
        assert judged["metrics"]["all"][name] == plain["metrics"]["all"][name], "it never decides"
    asked = json.dumps(endpoint.asked[0])
    assert SPOUT.question in asked and row(plain, "spout")["citations"][0]["quote"] in asked
    assert "Bo Lund" not in asked, "who spoke is not the judge's to know"


@pytest.mark.parametrize(("says", "status"), [(["I like it."], 200), ([], 200), ([], 500)])
def test_a_judge_that_fails_is_told_and_the_run_goes_on(show, endpoint: Endpoint, says, status):
    endpoint.says, endpoint.status = says, status
    result = evaluate(show, [SPOUT], SETTINGS, options=Options(judge=Judge(endpoint.settings())))
    assert row(result, "spout")["judged"]["verdict"] == "failed" and row(result, "spout")["error"] is None


def test_tokens_and_their_price_are_in_the_result(show, endpoint: Endpoint):
    from rag.writing.with_model import llm_writer

    endpoint.says = ["None of the quotes answers this."]
    endpoint.usage = {"prompt_tokens": 800, "completion_tokens": 20, "total_tokens": 820}
    settings = endpoint.settings(price_input=0.5, price_output=2.0)
    result = evaluate(Assistant(show.library, settings, writer=llm_writer(settings)), [SPOUT], settings)
    assert row(result, "spout")["tokens"] == {"input": 800, "output": 20}
    assert row(result, "spout")["cost"] == pytest.approx((800 * 0.5 + 20 * 2.0) / 1e6)
    assert result["quantiles"]["all"]["cost"]["total"] == pytest.approx(0.00044)


# The command


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    file = tmp_path / "mended.jsonl"
    rows = [
        {
            "id": q.id,
            "question": q.question,
            "kind": q.kind,
            "verdict": q.verdict,
            "speaker": q.speaker,
            "gold": [g.to_json() for g in q.gold],
        }
        for q in (SPOUT, CRAB, NEVER)
    ]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return file


def run(*arguments: object) -> int:
    return cli.main(["eval", *map(str, arguments)])


def test_the_command_writes_the_result_the_report_and_a_comparison(show, questions, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    library = show.library.folder
    assert run("--questions", questions, "--library", library, "--json", "old.json") == 0
    assert "| all | 3 |" in capsys.readouterr().out
    assert (
        run("--questions", questions, "--library", library, "--compare", "old.json", "--report", "report", "--limit", 2)
        == 0
    )
    out = capsys.readouterr().out
    assert "| all | 2 |" in out and "wrong_speaker" in out
    assert "mended" in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert (tmp_path / "report" / "table.md").exists()


def test_a_gate_that_falls_ends_with_3(show, questions, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gates.toml").write_text(
        '[[gate]]\nset = "*"\nkind = "all"\nmetric = "passage_words"\nmax = 1\nwhy = "short"\n'
    )
    assert run("--questions", questions, "--library", show.library.folder, "--gates", "gates.toml") == 3
    assert "passage_words" in capsys.readouterr().out


def test_a_library_of_transcripts_is_made_once_and_made_anew_when_they_change(questions, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VERBATIM_EMBEDDINGS", "hashing")
    talks = write_show(tmp_path / "talks")
    for _ in range(2):
        assert run("--questions", questions, "--transcripts", talks, "--finding-only") == 0
    assert len(list((tmp_path / ".eval-cache").glob("*/library.db"))) == 1
    (talks / "lantern.json").unlink()
    assert run("--questions", questions, "--transcripts", talks, "--finding-only") == 0
    assert len(list((tmp_path / ".eval-cache").glob("*/library.db"))) == 2
    assert "failed: crab: NoSuchEpisode" in capsys.readouterr().err, "an episode that is missing is a loss, not a gap"


def test_a_set_that_points_into_a_text_that_is_not_here_is_skipped_and_says_so(show, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    page = ROOT / "eval/data/episode_page.jsonl"
    assert run("--questions", page, "--library", show.library.folder) == 0
    assert run("--questions", page, "--transcripts", tmp_path / "not-there") == 0
    told = capsys.readouterr()
    assert told.err.count("skipped: ") == 2 and told.out == ""


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--judge"], "VERBATIM_MODEL"),
        (["--compare", "none.json"], "none.json"),
        (["--compare", "mended.jsonl"], "mended.jsonl"),
        (["--gates", "none.toml"], "none.toml"),
        (["--transcripts", "nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(show, questions, tmp_path, monkeypatch, capsys, arguments, fault):
    monkeypatch.chdir(tmp_path)
    assert run("--questions", questions, "--library", show.library.folder, "--finding-only", *arguments) == 1
    assert fault in capsys.readouterr().err


def test_a_question_that_is_quoted_with_what_evades_it_is_no_answer(show):
    class Evading(Assistant):
        def ask(self, *asked, **given):
            for event in super().ask(*asked, **given):
                yield Done(replace(event.answer, verdict="asked_not_answered")) if isinstance(event, Done) else event

    evading = Evading(show.library, SETTINGS)
    result = evaluate(evading, [SPOUT, replace(SPOUT, id="evaded", verdict="asked_not_answered")], SETTINGS)
    spout, evaded = (row(result, id_)["metrics"] for id_ in ("spout", "evaded"))
    assert (spout["verdict_right"], spout["refused"], spout["wrongly_refused"]) == (0.0, 1.0, 1.0)
    assert (evaded["verdict_right"], evaded["refused"], evaded["wrongly_refused"]) == (1.0, 0.0, 0.0)
    assert result["metrics"]["all"]["asked_not_answered_recall"]["mean"] == 1.0
