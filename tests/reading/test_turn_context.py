"""Sentences as vectors that know their neighbours: what is fitted is what is read, and every token counts where it stands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from eval.fit.voices_layers import _pooled, _through, fit_layers, make_below, read_talk
from index.errors import ModelError
from index.interviews.context import (
    LAYERS,
    SIZE,
    WINDOW,
    TurnContext,
    packed,
    shipped_arrays,
    shipped_context,
    windows_of,
)
from index.interviews.features import DENSE
from index.search.encoder import tokenizer_of
from index.search.onnx_export import wheel_folder

ASKED = "So what did you do with the boat, once the river had frozen?"
ANSWERED = "I took it apart, every plank of it. It went up to the loft until spring."


def episode(number: int, turns: int = 40) -> dict:
    """An interview as `python -m eval voices-data` writes them; fictional, like all talks here."""
    said = []
    for turn in range(turns):
        said.append([f"{ASKED} And was that in {1900 + turn}?", [16, 0], 0])
        said += [[sentence, [0, len(sentence.split())], 1] for sentence in ANSWERED.split(". ")]
    return {"id": f"quay-{number}", "show": "quays", "kind": "interview", "sentences": said}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return tokenizer_of(wheel_folder())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=80) | st.just("word " * 400), max_size=30))
def test_every_token_stands_once_in_its_sentence_and_the_order_is_kept(tokenizer, texts):
    encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
    windows = windows_of(tokenizer, texts)
    assert windows.ids.shape == windows.sentence.shape and windows.ids.shape[1:] == (WINDOW,)
    inside = windows.sentence.reshape(-1) >= 0
    ids, of = windows.ids.reshape(-1)[inside].tolist(), windows.sentence.reshape(-1)[inside].tolist()
    assert of == sorted(of) and set(of) == set(range(len(texts)))
    for number, encoding in enumerate(encodings):
        tokens = [token for token, sentence in zip(ids, of, strict=True) if sentence == number]
        assert tokens[:-1] == encoding.ids[: len(tokens) - 1] and len(tokens) <= 201
    assert (windows.ids[:, 0] == 101).all() and (windows.sentence[:, 0] == -1).all()


def test_a_sentence_is_read_with_what_stands_around_it():
    context = shipped_context()
    asked, answered = context.read(["Is it cold?", "Yes, it is."]), context.read(["I said so.", "Yes, it is."])
    assert asked.shape == (2, SIZE) and asked.dtype == np.float32
    assert np.abs(asked[1] - answered[1]).max() > 0.01
    assert (context.read(["Is it cold?", "Yes, it is."]) == asked).all()
    assert context.read([]).shape == (0, SIZE)


def test_what_was_fitted_is_what_is_read(tmp_path, monkeypatch):
    """Torch in bfloat16 when fitting, onnxruntime with one byte a weight afterwards: the same vectors, nearly."""
    import torch

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    episodes = [episode(number) for number in range(4)]
    make_below(tmp_path / "below", episodes)
    made = (tmp_path / "below" / "quays__quay-0.npy").stat().st_mtime_ns
    make_below(tmp_path / "below", episodes)
    assert (tmp_path / "below" / "quays__quay-0.npy").stat().st_mtime_ns == made, "what is there is left"
    talks = [read_talk(tmp_path / "below", one, np.zeros((len(one["sentences"]), len(DENSE)))) for one in episodes]
    layers, network = fit_layers(talks, epochs=1)
    assert network["c_in_w"].shape[1] == 96 + len(DENSE) + 2 and network["c_proj_w"].shape == (96, SIZE)
    texts = [text for text, _, _ in episodes[0]["sentences"]]
    read = TurnContext(packed(layers)).read(texts)
    with torch.no_grad():
        states = torch.from_numpy(np.array(talks[0].below, np.float32))
        for layer in layers:
            states = _through(layer, states)
        fitted = _pooled(states, talks[0].sentence, len(texts)).numpy()
    cosine = (read * fitted).sum(1) / np.linalg.norm(read, axis=1) / np.linalg.norm(fitted, axis=1)
    assert cosine.min() > 0.99


def test_a_damaged_graph_is_named_with_the_repair(tmp_path, monkeypatch):
    layers = shipped_arrays(LAYERS)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    TurnContext(layers)
    for graph in (tmp_path / "verbatim").iterdir():
        graph.write_bytes(graph.read_bytes()[:1000])
    with pytest.raises(ModelError, match=r"is damaged\. Delete it"):
        TurnContext(layers)
