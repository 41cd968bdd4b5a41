"""Brings weights that the prototype of `efficientnet_lite2_unet` was trained to into a checkpoint.

    python tools/convert_prototype.py WEIGHTS.pt -o ckpt.safetensors --log-weights weights.json

The prototype's state dict has other names for the same layers. To be deleted once no weights come
from it any more.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import torch

from rechroma.training.checkpoint import save_weights
from rechroma.training.config import NetworkConfig
from rechroma.training.model import ColorizerModel

CONFIG = NetworkConfig(name="efficientnet_lite2_unet", output="bins")

# The prototype's name → ours, by regular expressions, each at the start of what is left of a name.
_CONTEXT = {
    r"place": "position",
    r"norm1": "attention_norm",
    r"norm2": "mlp_norm",
    r"qkv": "query_key_value",
    r"out": "attention_output",
}
_QUERY_BLOCK = {
    r"keys": "cross_key_value",
    r"look": "cross_query",
    r"looked": "cross_output",
    r"talk": "self_query_key_value",
    r"talked": "self_output",
    r"think": "mlp",
    r"norms\.0": "cross_norm",
    r"norms\.1": "self_norm",
    r"norms\.2": "mlp_norm",
}
_NAMES = {
    r"top\.0\.": "bottleneck.",
    **{rf"top\.1\.{old}\.": f"context_32.0.{new}." for old, new in _CONTEXT.items()},
    **{rf"top\.2\.{old}\.": f"context_32.1.{new}." for old, new in _CONTEXT.items()},
    r"top\.(1|2)\.mlp": lambda found: f"context_32.{int(found[1]) - 1}.mlp",
    **{rf"context\.0\.{old}\.": f"context_16.{new}." for old, new in _CONTEXT.items()},
    r"context\.0\.mlp": "context_16.mlp",
    r"up\.(\d)\.join\.0": r"decoder.\1.norm",
    r"up\.": "decoder.",
    **{
        rf"queries\.blocks\.(\d)\.{old}\.": rf"queries.blocks.\1.{new}."
        for old, new in _QUERY_BLOCK.items()
    },
    r"queries\.pixels": "queries.pixel_embedding",
    r"spread\.asking": "conditioning.spread.query",
    r"spread\.answering": "conditioning.spread.key",
    r"(spread|stem|hint_levels|mood|mood_levels|mood_maps)\.": r"conditioning.\1.",
}


def convert(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return a prototype's state dict with the names of `EfficientNetLite2UNet`, in float32."""
    return {
        _renamed(name): tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in state.items()
    }


def _renamed(name: str) -> str:
    for old, new in _NAMES.items():
        renamed, count = re.subn(f"^{old}", new, name)
        if count:
            return renamed
    return name


def main() -> None:
    """Write the checkpoint."""
    parser = argparse.ArgumentParser(description="From the prototype's weights to a checkpoint")
    parser.add_argument("weights", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--log-weights", type=Path, help="JSON: a number for each bin")
    options = parser.parse_args()
    model = ColorizerModel(CONFIG, pretrained=False)
    state = torch.load(options.weights, map_location="cpu", weights_only=True)
    model.network.load_state_dict(convert(state))
    weights = json.loads(options.log_weights.read_text()) if options.log_weights else []
    save_weights(model, options.output, CONFIG, {"log_weights": weights})


if __name__ == "__main__":
    main()
