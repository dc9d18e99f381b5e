"""The trained reader as one ONNX file: matrices and embeddings in int8, and how far that is from torch."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from eval.fit.reader.network import Network


def export(network: Network, out: Path) -> dict[str, Any]:
    """Write (ids, types, mask) -> (pairs, tokens); its size, and the largest and mean differences of the pairs' probabilities."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    network = network.float().cpu().eval()
    rng = torch.Generator().manual_seed(0)
    ids = torch.randint(1000, 20_000, (4, 48), generator=rng)
    ids[:, 0], ids[:, 12], ids[:, 47] = 101, 102, 102
    types = (torch.arange(48) > 12).long().repeat(4, 1)
    mask = torch.ones_like(ids)
    mask[1, 40:] = 0
    axes = {0: "texts", 1: "tokens"}
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch, warnings.catch_warnings():
        # The TorchScript exporter is called deprecated, but needs no further package and makes the faster graph here.
        warnings.simplefilter("ignore")
        whole = Path(scratch) / "whole.onnx"
        torch.onnx.export(
            network,
            (ids, types, mask),
            str(whole),
            input_names=["ids", "types", "mask"],
            output_names=["pairs", "tokens"],
            dynamic_axes={"ids": axes, "types": axes, "mask": axes, "pairs": {0: "texts"}, "tokens": axes},
            opset_version=17,
            dynamo=False,
        )
        made = Path(scratch) / "int8.onnx"
        quantize_dynamic(whole, made, weight_type=QuantType.QInt8, per_channel=True)
        made.rename(out)
    import onnxruntime

    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    pairs, tokens = session.run(None, {"ids": ids.numpy(), "types": types.numpy(), "mask": mask.numpy()})
    with torch.no_grad():
        wanted = [t.numpy() for t in network(ids, types, mask)]
    off = np.abs(_chance(pairs) - _chance(wanted[0]))
    shown = mask.numpy().astype(bool)
    return {
        "megabytes": round(out.stat().st_size / 1e6, 2),
        "largest_difference": round(float(off.max()), 4),
        "mean_difference": round(float(off.mean()), 4),
        "token_correlation": round(float(np.corrcoef(tokens[shown].ravel(), wanted[1][shown].ravel())[0, 1]), 4),
    }


def _chance(odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-odds))
