"""The reader in torch: the embedded MiniLM over questions and over passages, each read alone. Knows nothing of files.

Of a passage, each sentence's vector is the mean of its tokens, which have seen the whole passage; of a question, the mean of
all. The score of a sentence for a question is their cosine, scaled, with a bias: log-odds that it answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from eval.fit.reader.data import ReaderExample
from index.search.onnx_export import torch_model, wheel_folder
from rag.reader.tokens import ReaderTokenizer, padded

HEADS = 12
SCALE, BIAS = 3.0, -8.0
"""At the beginning; the scale is exponentiated."""
EACH = 2.0
"""What each sentence for itself counts, against the choice among all."""


class Network(nn.Module):
    """MiniLM without dropout. `learning`: how many of its upper layers are trained; 7: the embeddings too."""

    def __init__(self, learning: int = 6) -> None:
        super().__init__()
        model = torch_model(wheel_folder())
        self.embeddings, self.layers = model.embeddings, model.encoder.layer
        self.embeddings.dropout.p = 0.0
        self.embeddings.requires_grad_(learning > len(self.layers))
        for layer in self.layers[: max(0, len(self.layers) - learning)]:
            layer.requires_grad_(False)
        self.scale = nn.Parameter(torch.tensor(SCALE))
        self.bias = nn.Parameter(torch.tensor(BIAS))

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, half: bool = False) -> torch.Tensor:
        """(texts, tokens) -> states (texts, tokens, 384), float32. `half`: matrices in bfloat16."""
        dtype = torch.bfloat16 if half else torch.float32
        hidden = (1.0 - mask[:, None, None].to(dtype)) * -1e4
        states = self.embeddings(input_ids=ids, token_type_ids=torch.zeros_like(ids))
        for layer in self.layers:
            states = through(layer, states, hidden, dtype)
        return states.float()


def through(layer: Any, states: torch.Tensor, hidden: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """One of BERT's layers, as in the library's own; matrices in `dtype`, sums in float32.

    `hidden` is added to the attention scores: very negative for padding. Attention is written out: the library's fused
    one is slow backwards on processors.
    """

    def linear(weight: torch.Tensor, bias: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        return functional.linear(values.to(dtype), weight.to(dtype), bias.to(dtype))

    texts, tokens, size = states.shape
    own, after = layer.attention.self, layer.attention.output
    parts = (own.query, own.key, own.value)
    together = linear(torch.cat([p.weight for p in parts]), torch.cat([p.bias for p in parts]), states)
    query, key, value = together.view(texts, tokens, 3, HEADS, size // HEADS).permute(2, 0, 3, 1, 4)
    looks = (query * (size // HEADS) ** -0.5) @ key.transpose(-1, -2) + hidden
    seen = (functional.softmax(looks, -1) @ value).transpose(1, 2).reshape(texts, tokens, size)
    states = after.LayerNorm(states + linear(after.dense.weight, after.dense.bias, seen).float())
    inner = functional.gelu(linear(layer.intermediate.dense.weight, layer.intermediate.dense.bias, states))
    return layer.output.LayerNorm(states + linear(layer.output.dense.weight, layer.output.dense.bias, inner).float())


class BatchReader:
    """Examples -> log-odds of every question for every sentence of the batch, with what is right of them."""

    def __init__(self, tokens: int, device: torch.device) -> None:
        self.tokens, self.device = ReaderTokenizer(tokens), device

    def odds(
        self, network: Network, examples: Sequence[ReaderExample], *, half: bool = True
    ) -> tuple[torch.Tensor, list[list[list[int]]]]:
        """Log-odds, shape (examples, sentences of all examples, in order), and the tokens of each sentence."""
        read = [self.tokens.passage(e.passage, [(a, b) for a, b, _ in e.sentences]) for e in examples]
        asked, asked_mask = self._padded([self.tokens.question(e.question) for e in examples])
        states = network(asked, asked_mask, half)
        questions = (states * asked_mask[:, :, None]).sum(1) / asked_mask.sum(1, keepdim=True)
        inside = [one.sentences for one in read]
        sentences = self._pooled(network(*self._padded([one.ids for one in read]), half), inside)
        cosines = functional.normalize(questions, dim=1) @ functional.normalize(sentences, dim=1).T
        return cosines * network.scale.exp() + network.bias, inside

    def _padded(self, rows: Sequence[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        ids, mask = padded(rows)
        return torch.from_numpy(ids).to(self.device), torch.from_numpy(mask).to(self.device)

    def _pooled(self, states: torch.Tensor, inside: Sequence[Sequence[list[int]]]) -> torch.Tensor:
        """The mean of each sentence's tokens, one sentence after the other; 0 for one that was cut off."""
        weights = torch.zeros(sum(map(len, inside)), states.shape[0] * states.shape[1])
        sentences = [(row, tokens) for row, of_row in enumerate(inside) for tokens in of_row]
        for n, (row, tokens) in enumerate(sentences):
            weights[n, [row * states.shape[1] + token for token in tokens]] = 1 / max(len(tokens), 1)
        return weights.to(self.device) @ states.reshape(-1, states.shape[2])


def loss_of(
    odds: torch.Tensor, examples: Sequence[ReaderExample], inside: Sequence[Sequence[list[int]]]
) -> dict[str, torch.Tensor]:
    """`choice`: a right sentence among all of the batch; `each`: whether each sentence of its own passage answers.

    Only what is known of a sentence counts: one that may be part of the answer is neither right nor wrong.
    """
    here = np.array([bool(tokens) for of_row in inside for tokens in of_row])
    rights = np.array([-1 if right is None else int(right) for e in examples for _, _, right in e.sentences])
    rights[~here] = -1
    of = np.repeat(np.arange(len(examples)), [len(e.sentences) for e in examples])
    own = of[None, :] == np.arange(len(examples))[:, None]
    answered = np.array([e.answered for e in examples])
    right = own & (rights == 1)[None] & answered[:, None]
    judged = own & (rights >= 0)[None]
    among = judged | (~own & here[None])
    right_, among_, judged_ = (torch.from_numpy(array).to(odds.device) for array in (right, among, judged))
    some = right_.any(1)
    best = torch.logsumexp(odds.masked_fill(~among_, -1e4), 1) - torch.logsumexp(odds.masked_fill(~right_, -1e4), 1)
    single = functional.binary_cross_entropy_with_logits(odds, right_.float(), reduction="none") * judged_
    return {
        "choice": (best * some).sum() / some.sum().clamp(min=1),
        "each": EACH * (single.sum(1) / judged_.sum(1).clamp(min=1)).mean(),
    }
