"""Times where a transcript has none, each said to be an estimate."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from talks import episodes

from index.episode import Sentence
from index.timing import WORD_SHARE_ERROR, estimate_times


@given(episodes(), st.none() | st.floats(0.1, 20_000))
def test_estimated_times_rise_within_the_duration_and_say_what_they_are(talk, duration):
    spoken = [list(turn.sentences) for turn in talk.turns]
    timed = estimate_times(spoken, duration)
    if duration is None or talk.sentences[0].start is not None:
        assert timed == spoken
        return
    sentences = [sentence for of_turn in timed for sentence in of_turn]
    assert [(s.position, s.text, s.speech) for s in sentences] == [(s.position, s.text, s.speech) for s in talk.sentences]
    assert all((s.time_source, s.time_error) == ("estimated", WORD_SHARE_ERROR) for s in sentences)
    assert sentences[0].start == 0 and sentences[-1].end == pytest.approx(duration)
    assert all(0 <= s.start <= s.end <= duration * (1 + 1e-9) for s in sentences)
    assert all(one.end == pytest.approx(two.start) for one, two in pairwise(sentences))


def test_a_sentence_has_the_share_of_its_words():
    ((one, two),) = estimate_times([[Sentence(0, "one two three"), Sentence(1, "four")]], 100.0)
    assert (one.start, one.end, two.start, two.end) == (0, 75, 75, 100)
