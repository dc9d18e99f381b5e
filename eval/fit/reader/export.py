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
    """Write (ids, mask) -> states; its size, and the mean and least cosine of its tokens' states with torch's."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    network = network.float().cpu().eval()
    rng = torch.Generator().manual_seed(0)
    ids = torch.randint(1000, 20_000, (4, 48), generator=rng)
    ids[:, 0], ids[:, 47] = 101, 102
    mask = torch.ones_like(ids)
    mask[1, 40:] = 0
    axes = {0: "texts", 1: "tokens"}
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch, warnings.catch_warnings():
        # The TorchScript exporter is called deprecated, but needs no further package and makes the faster graph here.
        warnings.simplefilter("ignore")
        whole = Path(scratch) / "whole.onnx"
        torch.onnx.export(
            network,
            (ids, mask),
            str(whole),
            input_names=["ids", "mask"],
            output_names=["states"],
            dynamic_axes={"ids": axes, "mask": axes, "states": axes},
            opset_version=17,
            dynamo=False,
        )
        made = Path(scratch) / "int8.onnx"
        quantize_dynamic(whole, made, weight_type=QuantType.QInt8, per_channel=True)
        made.rename(out)
    import onnxruntime

    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    states = session.run(None, {"ids": ids.numpy(), "mask": mask.numpy()})[0]
    with torch.no_grad():
        wanted = network(ids, mask).numpy()
    shown = mask.numpy().astype(bool)
    a, b = states[shown], wanted[shown]
    cosines = (a * b).sum(1) / np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1), 1e-9)
    return {
        "megabytes": round(out.stat().st_size / 1e6, 2),
        "mean_cosine": round(float(cosines.mean()), 4),
        "least_cosine": round(float(cosines.min()), 4),
    }
