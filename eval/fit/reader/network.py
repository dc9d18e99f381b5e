"""The reader in torch: the embedded MiniLM over a question and a passage, with its scores for both. Knows nothing of files.

Of the pair: two log-odds, that it answers by the person asked for, and that it answers whoever says it. Of each token of the
passage: a score as the answer's first and last, and one whose mean over a sentence is the log-odds that the sentence answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional

from eval.fit.reader.data import ReaderExample
from index.search.encoder import tokenizer_of
from index.search.onnx_export import torch_model, wheel_folder

HEADS = 12
MULTIPLE = 16
"""Batches are padded to a multiple of so many tokens."""
DROPOUT = 0.0
"""Each example is met once or twice: there is nothing to forget yet, and drawing the noise costs a seventh of the time."""
LONGEST_QUESTION = 48
"""Tokens."""
START, END, SENTENCE = range(3)
"""The scores of a token."""
ANSWERED, BY_ANYONE = range(2)
"""The log-odds of a pair."""


@dataclass(frozen=True, slots=True)
class ReaderBatch:
    """Arrays of some examples. `sentence`: of each token, -1: none; `rights`: of each sentence 1, 0, or -1: not known.

    `starts`, `ends`: of each token, whether an answer starts or ends there; the first token's for those without an answer.
    """

    ids: torch.Tensor
    types: torch.Tensor
    mask: torch.Tensor
    sentence: torch.Tensor
    rights: torch.Tensor
    starts: torch.Tensor
    ends: torch.Tensor
    spans_known: torch.Tensor
    pairs: torch.Tensor


class ReaderEncoder:
    """Examples -> batches."""

    def __init__(self, tokens: int = 144) -> None:
        self.tokenizer: Tokenizer = tokenizer_of(wheel_folder())
        self.tokens = tokens

    def encode(self, example: ReaderExample) -> tuple[list[int], int, list[tuple[int, int]]]:
        """Ids of "[CLS] question [SEP] passage [SEP]", where the passage starts, and its tokens' characters."""
        question = self.tokenizer.encode(example.question, add_special_tokens=False).ids[:LONGEST_QUESTION]
        passage = self.tokenizer.encode(example.passage, add_special_tokens=False)
        room = self.tokens - len(question) - 3
        cls, sep = (int(self.tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]"))  # type: ignore[arg-type]
        ids = [cls, *question, sep, *passage.ids[:room], sep]
        return ids, len(question) + 2, passage.offsets[:room]

    def batches(
        self, examples: Sequence[ReaderExample], size: int, shuffled: np.random.Generator | None = None
    ) -> list[list[int]]:
        """Numbers of the examples, sorted by length in batches; the batches in a shuffled order."""
        length = [len(e.passage) + len(e.question) for e in examples]
        order = sorted(range(len(examples)), key=lambda n: (length[n], n))
        batches = [order[at : at + size] for at in range(0, len(order), size)]
        if shuffled is not None:
            shuffled.shuffle(batches)
        return batches

    def batch(self, examples: Sequence[ReaderExample]) -> ReaderBatch:
        """Examples as arrays of one length, the longest rounded up to MULTIPLE tokens: ids, types and mask are int64 of shape
        (examples, tokens)."""
        encoded = [self.encode(example) for example in examples]
        longest = -(-max(len(ids) for ids, _, _ in encoded) // MULTIPLE) * MULTIPLE
        shape = len(examples), longest
        ids, types, mask = (np.zeros(shape, np.int64) for _ in range(3))
        sentence = np.full(shape, -1, np.int64)
        rights = np.full((len(examples), max(len(e.sentences) for e in examples)), -1, np.int64)
        starts, ends = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        for row, (example, (tokens, begin, offsets)) in enumerate(zip(examples, encoded, strict=True)):
            ids[row, : len(tokens)], mask[row, : len(tokens)], types[row, begin : len(tokens)] = tokens, 1, 1
            for number, (a, b, right) in enumerate(example.sentences):
                inside = [begin + n for n, (x, y) in enumerate(offsets) if a <= x < b and y <= b]
                if inside:
                    sentence[row, inside] = number
                    rights[row, number] = -1 if right is None else int(right)
            for a, b in example.spans or ():
                inside = [begin + n for n, (x, y) in enumerate(offsets) if x < b and a < y]
                if inside:
                    starts[row, inside[0]] = ends[row, inside[-1]] = 1
            if not starts[row].any() and not example.by_anyone:
                starts[row, 0] = ends[row, 0] = 1
        known = starts.any(1)
        pairs = np.array([[e.answered, e.by_anyone] for e in examples], np.float32)
        arrays = (ids, types, mask, sentence, rights, starts, ends, known, pairs)
        return ReaderBatch(*map(torch.from_numpy, arrays))


class Network(nn.Module):
    """MiniLM with the reader's heads. `learning`: how many of its upper layers are trained; 7: the embeddings too."""

    def __init__(self, learning: int = 3) -> None:
        super().__init__()
        model = torch_model(wheel_folder())
        self.embeddings, self.layers = model.embeddings, model.encoder.layer
        self.embeddings.dropout.p = DROPOUT
        size = model.config.hidden_size
        self.pair = nn.Sequential(nn.Linear(3 * size, size), nn.GELU(), nn.Dropout(DROPOUT), nn.Linear(size, 2))
        self.span = nn.Linear(size, 2)
        self.sentence = nn.Sequential(nn.Linear(size, size // 2), nn.GELU(), nn.Linear(size // 2, 1))
        self.frozen = len(self.layers) - min(learning, len(self.layers))
        self.embeddings.requires_grad_(learning > len(self.layers))
        for layer in self.layers[: self.frozen]:
            layer.requires_grad_(False)

    def forward(
        self, ids: torch.Tensor, types: torch.Tensor, mask: torch.Tensor, half: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, tokens) -> log-odds of the pairs (n, 2), scores of the tokens (n, tokens, 3). `half`: in bfloat16."""
        dtype = torch.bfloat16 if half else torch.float32
        hidden = (1.0 - mask[:, None, None].to(dtype)) * -1e4
        states = self.embeddings(input_ids=ids, token_type_ids=types)
        for number, layer in enumerate(self.layers):
            dropout = DROPOUT if self.training and number >= self.frozen else 0.0
            states = through(layer, states, hidden, dtype, dropout)
        # The first token alone learns slowly what stands in the passage: its model was made for means over tokens.
        passage = (types * mask)[:, :, None].float()
        mean = (states * passage).sum(1) / passage.sum(1).clamp(min=1)
        most = (states - (1 - passage) * 1e4).amax(1)
        pair = self.pair(torch.cat([states[:, 0], mean, most], 1))
        return pair, torch.cat([self.span(states), self.sentence(states)], 2)


def through(layer: Any, states: torch.Tensor, hidden: torch.Tensor, dtype: torch.dtype, dropout: float) -> torch.Tensor:
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
    seen = functional.dropout(linear(after.dense.weight, after.dense.bias, seen).float(), dropout, dropout > 0)
    states = after.LayerNorm(states + seen)
    inner = functional.gelu(linear(layer.intermediate.dense.weight, layer.intermediate.dense.bias, states))
    outer = functional.dropout(
        linear(layer.output.dense.weight, layer.output.dense.bias, inner).float(), dropout, dropout > 0
    )
    return layer.output.LayerNorm(states + outer)


def sentence_scores(tokens: torch.Tensor, sentence: torch.Tensor, count: int) -> torch.Tensor:
    """The mean of the token scores over each sentence, (n, count); 0 for one without tokens."""
    inside = (sentence[:, None] == torch.arange(count, device=tokens.device)[None, :, None]).to(tokens.dtype)
    return (inside @ tokens[..., SENTENCE, None])[..., 0] / inside.sum(2).clamp(min=1)


def loss_of(pairs: torch.Tensor, tokens: torch.Tensor, batch: ReaderBatch) -> dict[str, torch.Tensor]:
    """The parts of the loss, by name; a mean over the examples each. Only what is known of an example counts."""
    odds = functional.binary_cross_entropy_with_logits
    scores = sentence_scores(tokens, batch.sentence, batch.rights.shape[1])
    known = batch.rights >= 0
    right = batch.rights == 1
    each = odds(scores, right.float(), reduction="none") * known
    some = right.any(1)
    best = torch.logsumexp(scores.masked_fill(~right, -1e4), 1) - torch.logsumexp(scores.masked_fill(~known, -1e4), 1)
    # A span may start at the first token, which stands for none, or in the passage.
    open_ = (batch.types == 1) & (batch.mask == 1)
    open_[:, 0] = True
    spans = pairs.new_zeros(())
    for place, wanted in ((START, batch.starts), (END, batch.ends)):
        chance = functional.log_softmax(tokens[..., place].masked_fill(~open_, -1e4), 1)
        one = torch.logsumexp(chance.masked_fill(wanted == 0, -1e4), 1)
        spans = spans - (one * batch.spans_known).sum() / batch.spans_known.sum().clamp(min=1)
    return {
        "answered": odds(pairs[:, ANSWERED], batch.pairs[:, ANSWERED]),
        "by_anyone": 0.5 * odds(pairs[:, BY_ANYONE], batch.pairs[:, BY_ANYONE]),
        "sentences": (each.sum(1) / known.sum(1).clamp(min=1)).mean(),
        "best_sentence": -0.3 * (best * some).sum() / some.sum().clamp(min=1),
        "spans": 0.25 * spans,
    }
