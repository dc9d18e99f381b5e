"""Sentences as vectors that depend on their neighbours: the embedded MiniLM, its upper layers fitted to who speaks.

The vectors of the words and the lower layers are the embedded model's own; the upper layers lie in `turn_layers.npz`, a byte
for each weight. A talk is read in windows of `WINDOW` tokens, one after the other; a sentence's vector is the mean over its
tokens, and its context is what shares a window with it. `python -m eval fit-voices` fits the layers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from index.search.encoder import MOST_CHARACTERS, TOKENIZED_AT_ONCE, open_graph, tokenizer_of
from index.search.onnx_export import kept_graph, torch_model, wheel_folder, write_graph

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

LAYERS = "turn_layers.npz"
WINDOW = 256
UPPER = 3
"""Fitted layers, counted from the top; those below are the embedded model's own."""
SIZE = 384
MOST_TOKENS = 200
"""Of a sentence: what is longer is no sentence, and its begin tells enough."""
BATCH = 8
_CLS, _SEP = 101, 102


class Windows(NamedTuple):
    """`ids`: tokens, shape (n_windows, WINDOW), zeros after the end; `sentence`: which one a token belongs to, -1: none."""

    ids: np.ndarray
    sentence: np.ndarray


class TurnContext:
    """The fitted model in onnxruntime. `layers`: the arrays of `packed`."""

    def __init__(self, layers: Mapping[str, np.ndarray]) -> None:
        self.tokenizer = tokenizer_of(wheel_folder())
        self.session = open_graph(graph_of(layers))

    def read(self, texts: Sequence[str]) -> np.ndarray:
        """Shape (n_sentences, SIZE), float32; a sentence without a token is zeros."""
        windows = windows_of(self.tokenizer, texts)
        sums = np.zeros((len(texts), SIZE), np.float32)
        counts = np.zeros(len(texts), np.float32)
        for start in range(0, len(windows.ids), BATCH):
            states = self.session.run(None, {"input_ids": windows.ids[start : start + BATCH]})[0]
            of = windows.sentence[start : start + BATCH]
            np.add.at(sums, of[of >= 0], states[of >= 0])
            np.add.at(counts, of[of >= 0], 1)
        return sums / np.maximum(counts, 1)[:, None]


def graph_of(layers: Mapping[str, np.ndarray]) -> Path:
    """The file of the model with these layers; made on first use, which takes a while."""
    digest = hashlib.sha256()
    for name in sorted(layers):
        digest.update(name.encode() + layers[name].tobytes())
    name = f"turns-{digest.hexdigest()[:12]}"
    return kept_graph(name, wheel_folder(), lambda source, out: _export(source, layers, out))


def windows_of(tokenizer: Tokenizer, texts: Sequence[str]) -> Windows:
    """The tokens of all sentences in order, each ended by a separator, cut into windows that each begin with a `[CLS]`."""
    ids: list[int] = []
    sentence: list[int] = []
    for start in range(0, len(texts), TOKENIZED_AT_ONCE):
        batch = [text[:MOST_CHARACTERS] for text in texts[start : start + TOKENIZED_AT_ONCE]]
        for number, encoding in enumerate(tokenizer.encode_batch(batch, add_special_tokens=False), start):
            tokens = [*encoding.ids[:MOST_TOKENS], _SEP]
            ids += tokens
            sentence += [number] * len(tokens)
    inside = WINDOW - 1
    count = -(-len(ids) // inside)
    windows = Windows(np.zeros((count, WINDOW), np.int64), np.full((count, WINDOW), -1, np.int32))
    windows.ids[:, 0] = _CLS
    for number in range(count):
        part = slice(number * inside, (number + 1) * inside)
        windows.ids[number, 1 : 1 + len(ids[part])] = ids[part]
        windows.sentence[number, 1 : 1 + len(ids[part])] = sentence[part]
    return windows


def packed(layers: Sequence[torch.nn.Module]) -> dict[str, np.ndarray]:
    """Fitted layers as arrays: matrices as int8 with a scale for each row (`….scale`), the rest as float32."""
    arrays: dict[str, np.ndarray] = {}
    for number, layer in enumerate(layers):
        for name, tensor in layer.state_dict().items():
            values = tensor.detach().float().numpy()
            if values.ndim == 2:
                scale = np.abs(values).max(1) / 127
                arrays[f"{number}.{name}.scale"] = scale.astype(np.float32)
                values = np.round(values / np.maximum(scale, 1e-12)[:, None]).astype(np.int8)
            arrays[f"{number}.{name}"] = values
    return arrays


def _export(folder: Path, layers: Mapping[str, np.ndarray], out: Path) -> None:
    """Write the model with these upper layers as one graph: input_ids (n, WINDOW) -> states (n, WINDOW, SIZE), float32."""
    import torch

    model = torch_model(folder)
    for number, layer in enumerate(model.encoder.layer[-UPPER:]):
        state = {}
        for name in layer.state_dict():
            values = layers[f"{number}.{name}"].astype(np.float32)
            if f"{number}.{name}.scale" in layers:
                values *= layers[f"{number}.{name}.scale"][:, None]
            state[name] = torch.from_numpy(values)
        layer.load_state_dict(state)

    class States(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
            # What fills the last window up is read with the rest, as it was when the layers were fitted.
            return self.model(input_ids=input_ids, attention_mask=torch.ones_like(input_ids)).last_hidden_state

    ids = torch.ones(2, WINDOW, dtype=torch.long)
    write_graph(States().eval(), {"input_ids": (ids, ("windows",))}, ("states", ("windows",)), out)


@cache
def shipped_context() -> TurnContext:
    """The layers that come with Verbatim, ready to read; made once."""
    return TurnContext(shipped_arrays(LAYERS))


@cache
def prepare_context() -> None:
    """Make the file of `shipped_context` where it isn't there yet, and load nothing."""
    graph_of(shipped_arrays(LAYERS))


def shipped_arrays(name: str) -> dict[str, np.ndarray]:
    """What a file of arrays beside this one holds; numpy refuses pickled ones by default."""
    with files("index.interviews").joinpath(name).open("rb") as file, np.load(file) as arrays:
        return dict(arrays)
