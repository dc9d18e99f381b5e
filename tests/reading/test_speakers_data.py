"""Labelled episodes into interviews without names: who is host is told by who returns, and no word is lost."""

from __future__ import annotations

import numpy as np

from eval.fit.voices import load
from eval.fit.voices_data import build, main
from eval.fit.voices_network import Example, fit_network

ASKED = "So what did you do with the boat, once the river had frozen? I would have sold it, to be honest."
ANSWERED = (
    "I took it apart. Every plank went up to the loft, and in spring I put it together again, which took a month."
)


def show(folder, guests):
    """One episode for each guest, all hosted by Ann Vale."""
    (folder / "quays").mkdir()
    for number, guest in enumerate(guests):
        turns = f"**Ann Vale:** {ASKED}\n\n**{guest}:** {ANSWERED}\n\n" * 45
        (folder / "quays" / f"quay-{number}.md").write_text(turns, encoding="utf-8")


def test_who_returns_is_the_host_and_every_word_is_kept(tmp_path):
    show(tmp_path, ["Bo Rill", "Cy Marsh", "Di Holm", "Ed Fenn"])
    episodes = list(build(tmp_path))
    assert [plain["kind"] for plain, _ in episodes] == ["interview"] * 4
    for plain, bare in episodes:
        assert plain["names"]["host"] == ["Ann Vale"] and len(plain["names"]["guest"]) == 1
        host, guest = np.array([words for _, words, _ in plain["sentences"]]).sum(0)
        assert (host, guest) == (45 * len(ASKED.split()), 45 * len(ANSWERED.split()))
        text = " ".join(sentence[0] for sentence in bare["sentences"])
        assert text == text.lower() and not set(text) & set(".,?!")


def test_an_episode_whose_people_all_return_is_left_out(tmp_path):
    show(tmp_path, ["Bo Rill"] * 5)
    assert list(build(tmp_path)) == []


def test_the_files_are_what_a_network_is_fitted_on(tmp_path, capsys):
    show(tmp_path, ["Bo Rill", "Cy Marsh", "Di Holm", "Ed Fenn"])
    assert main([str(tmp_path), str(tmp_path / "out")]) == 0
    assert "interview  4" in capsys.readouterr().out
    episodes = load(tmp_path / "out" / "punctuated.jsonl")
    arrays = {}
    for number, episode in enumerate(episodes):
        rows = [[1, 2]] * len(episode["sentences"])
        arrays |= Example.pack(number, rows, rows, np.zeros((len(rows), 4)), {1: 0, 2: 1})
    examples = [Example.unpack(arrays, number, episode) for number, episode in enumerate(episodes)]
    fitted = fit_network(examples * 3, 2, epochs=1)
    assert fitted["table"].dtype == np.int8 and fitted["in_w"].shape[1] == fitted["table"].shape[1] + 4 + 2
