"""Ranking: the fitted sum, and an order whose first places are not all next to each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.fit.softmax import fit_softmax
from eval.sets.questions import Gold, SetQuestion, development, half_of
from rag.evidence.rank import FEATURES, fits, scaled, varied, weights

fit_values = st.lists(st.floats(0, 1), max_size=20)


@given(fit_values, st.integers(1, 25))
def test_an_order_holds_each_candidate_once_and_its_scores_never_rise(values, k):
    ids = list(range(10, 10 + len(values)))
    placed = varied(ids, [1] * len(ids), np.array(values), k=k)
    assert len({place for place, _ in placed}) == len(placed) == min(k, len(ids))
    assert [score for _, score in placed] == sorted((score for _, score in placed), reverse=True)


def test_the_neighbour_of_a_placed_passage_waits_for_another_place_that_is_nearly_as_good():
    ids, values = [1, 2, 3, 40], np.array([1.0, 0.9, 0.3, 0.85])
    assert [ids[place] for place, _ in varied(ids, [7, 7, 7, 7], values, k=4)] == [1, 40, 2, 3]
    assert [ids[place] for place, _ in varied(ids, [7, 8, 7, 7], values, k=4)] == [1, 2, 40, 3], "another episode"


@given(st.lists(st.floats(-5, 20), min_size=1, max_size=12))
def test_scaling_keeps_the_order_and_ends_at_nothing_and_one(values):
    found = scaled(np.array(values))
    assert found.max() == 1 and found.min() in (0, 1)
    assert np.argmax(values) in np.flatnonzero(found == 1)


def test_a_better_search_score_alone_never_makes_the_fit_worse():
    assert weights().shape == (len(FEATURES),) and (weights() > 0).all()
    features = np.zeros((2, len(FEATURES)))
    for column in range(len(FEATURES)):
        better = features.copy()
        better[1, column] = 1
        assert fits(better).tolist() == [0, 1]
    assert fits(np.zeros((0, len(FEATURES)))).shape == (0,)


def test_fitting_finds_the_column_that_tells_right_from_wrong():
    draw = np.random.default_rng(3)
    questions = []
    for _ in range(40):
        matrix = draw.random((8, 2))
        questions.append((matrix, matrix[:, 1] == matrix[:, 1].max()))
    found = fit_softmax([questions], l2=3.0)
    assert found[1] > 3 * abs(found[0])


@pytest.mark.parametrize(("places", "half"), [("a", "dev"), ("b", "test"), ("ac", "dev"), ("ab", None), ("", None)])
def test_every_second_episode_of_a_set_without_halves_is_the_development_half(places, half):
    asked = SetQuestion("q", "Why?", "fact", "answered", tuple(Gold(place, 0, 1) for place in places))
    assert half_of(asked, ["a", "b", "c"]) == half


def test_a_set_that_marks_its_halves_keeps_them():
    def asked(id_: str, episode: str, half: str | None) -> SetQuestion:
        return SetQuestion(id_, "Why?", "fact", "answered", (Gold(episode, 0, 1),), half=half)

    marked = [asked("1", "a", "test"), asked("2", "b", "dev"), asked("3", "c", None)]
    assert [one.id for one in development(marked)] == ["2"]
    unmarked = [asked("1", "a", None), asked("2", "b", None), asked("3", "c", None)]
    assert [one.id for one in development(unmarked)] == ["1", "3"]
