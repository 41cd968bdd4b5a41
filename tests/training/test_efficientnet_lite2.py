"""The blocks of `efficientnet_lite2_unet` against the same, said otherwise."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.signal import correlate2d
from torch import nn

from rechroma.colorizer.conditioning import MOOD_SIZE
from rechroma.training.checkpoint import start_from
from rechroma.training.config import NetworkConfig
from rechroma.training.export import card_of, export_onnx
from rechroma.training.model import ColorizerModel
from rechroma.training.networks import Conditioning
from rechroma.training.networks.attention import ContextBlock
from rechroma.training.networks.efficientnet_lite2 import ReduceEnlargeBlock
from rechroma.training.networks.queries import ColorQueries

CONFIG = NetworkConfig(name="efficientnet_lite2_unet", output="bins")


def randomized(module):
    """The module in eval mode, with random weights and statistics instead of zeros and ones."""
    torch.manual_seed(0)
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.randn_like(tensor) * 0.3 + ("var" in name) * 2)
            if "var" in name:
                tensor.abs_().add_(0.5)
    return module.eval()


def attention_of(heads, width, qkv, output):
    """torch's own attention with these projections: (weight, bias) pairs."""
    attention = nn.MultiheadAttention(width, heads, batch_first=True).eval()
    attention.in_proj_weight.data, attention.in_proj_bias.data = qkv
    attention.out_proj.weight.data, attention.out_proj.bias.data = output
    return attention


def pair(layer):
    return layer.weight.data.flatten(1), layer.bias.data


def normalized(x, norm):
    """Layer norm in the paper's words."""
    centered = x - x.mean(-1, keepdim=True)
    deviation = (centered.square().mean(-1, keepdim=True) + 1e-5).sqrt()
    return centered / deviation * norm.weight + norm.bias


@torch.no_grad()
def test_a_context_block_is_attention_between_cells():
    block = randomized(ContextBlock(12, 3))
    x = torch.randn(2, 12, 4, 5)
    kernels = block.position.weight.numpy()[:, 0]
    place = [[correlate2d(c, k, mode="same") for c, k in zip(p, kernels, strict=True)] for p in x]
    placed = x + torch.from_numpy(np.array(place)) + block.position.bias[:, None, None]
    tokens = torch.stack([placed[:, :, i, j] for i in range(4) for j in range(5)], dim=1)
    attention = attention_of(3, 12, pair(block.query_key_value), pair(block.attention_output))
    seen = normalized(tokens, block.attention_norm)
    tokens = tokens + attention(seen, seen, seen)[0]
    hidden = normalized(tokens, block.mlp_norm) @ block.mlp[0].weight.T + block.mlp[0].bias
    hidden = hidden * (1 + torch.erf(hidden / 2**0.5)) / 2
    tokens = tokens + hidden @ block.mlp[2].weight.T + block.mlp[2].bias
    wanted = tokens.movedim(1, -1).reshape(2, 12, 4, 5)
    torch.testing.assert_close(block(x), wanted, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_a_context_block_starts_as_the_identity():
    x = torch.randn(2, 12, 4, 5)
    assert torch.equal(ContextBlock(12, 3)(x), x)


@torch.no_grad()
def test_color_queries_look_at_the_picture_and_at_each_other():
    queries = randomized(ColorQueries(5, [6]))
    x = torch.randn(2, 6, 3, 4)
    block = queries.blocks[0]
    tokens = x.flatten(2).transpose(1, 2)
    q = queries.queries.expand(2, -1, -1)
    # torch's attention projects keys and values itself, from tokens as wide as the queries: the
    # features are filled up with zeros.
    wide = F.pad(tokens, (0, 64 - 6))
    weight, bias = pair(block.cross_key_value)
    projections = (
        torch.cat([block.cross_query.weight, F.pad(weight, (0, 64 - 6))]),
        torch.cat([block.cross_query.bias, bias]),
    )
    cross = attention_of(4, 64, projections, pair(block.cross_output))
    q = q + cross(normalized(q, block.cross_norm), wide, wide)[0]
    own = attention_of(4, 64, pair(block.self_query_key_value), pair(block.self_output))
    seen = normalized(q, block.self_norm)
    q = q + own(seen, seen, seen)[0]
    hidden = (normalized(q, block.mlp_norm) @ block.mlp[0].weight.T + block.mlp[0].bias).clamp(0)
    q = q + hidden @ block.mlp[2].weight.T + block.mlp[2].bias
    weight, bias = pair(queries.pixel_embedding)
    pixels = torch.einsum("nchw,kc->nkhw", x, weight) + bias[:, None, None]
    wanted = torch.einsum("nqk,nkhw->nqhw", q, pixels) / 8
    torch.testing.assert_close(queries([x]), wanted, atol=1e-4, rtol=1e-4)


def enlarged(plane):
    """Twice the size, bilinear between the centers of pixels, pixel by pixel."""
    height, width = plane.shape
    out = np.empty((2 * height, 2 * width))
    for i in range(2 * height):
        for j in range(2 * width):
            y, x = np.clip((i - 0.5) / 2, 0, height - 1), np.clip((j - 0.5) / 2, 0, width - 1)
            top, left = int(y), int(x)
            below, right = min(top + 1, height - 1), min(left + 1, width - 1)
            upper = plane[top, left] * (1 - x + left) + plane[top, right] * (x - left)
            lower = plane[below, left] * (1 - x + left) + plane[below, right] * (x - left)
            out[i, j] = upper * (1 - y + top) + lower * (y - top)
    return out


def rectified(x, norm):
    scale = (norm.weight / (norm.running_var + norm.eps).sqrt()).numpy()
    mean, shift = norm.running_mean.numpy(), norm.bias.detach().numpy()
    return np.maximum((x - mean[:, None, None]) * scale[:, None, None] + shift[:, None, None], 0)


@torch.no_grad()
def test_an_up_block_reduces_enlarges_joins_and_mixes():
    block = randomized(ReduceEnlargeBlock(6, 5, 4, 3))
    x, skip = torch.randn(1, 6, 3, 2), torch.randn(1, 5, 6, 4)
    # Enlarged before the channels are reduced: the order makes no difference.
    large = np.array([enlarged(plane) for plane in x[0].numpy()])
    joined = np.einsum("oc,chw->ohw", block.reduce.weight[..., 0, 0].numpy(), large)
    joined += np.einsum("oc,chw->ohw", block.lateral.weight[..., 0, 0].numpy(), skip[0].numpy())
    wanted = rectified(joined, block.norm)
    for number, (conv, norm, _) in enumerate(block.mix):
        mixed = np.array(
            [
                sum(correlate2d(p, k, mode="same") for p, k in zip(wanted, kernels, strict=True))
                for kernels in conv.weight.numpy()
            ]
        )
        wanted = rectified(mixed, norm) + (wanted if number else 0)
    np.testing.assert_allclose(block(x, skip)[0].numpy(), wanted, atol=1e-4, rtol=1e-4)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    model = ColorizerModel(CONFIG, pretrained=False).eval()
    # Layers that start at zero have learnt something.
    for parameter in model.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.1)
    return model


def given(height, width):
    hints = torch.zeros(1, 3, height, width)
    hints[:, :, 10:14, 20:25] = torch.tensor([0.4, 0.3, 1.0])[:, None, None]
    mood = torch.rand(1, MOOD_SIZE)
    mood[:, -1] = 1
    return Conditioning(hints, mood)


@torch.no_grad()
def test_the_head_adds_up_features_queries_hints_and_mood(model):
    network, seen = model.network, {}
    handles = [
        network.queries.register_forward_hook(lambda _, args, out: seen.update(q=(args[0], out))),
        network.context_32.register_forward_hook(lambda *hooked: seen.update(deep=hooked[2])),
    ]
    conditioning = given(64, 96)
    try:
        maps, _, hinted = network(torch.rand(1, 1, 64, 96) * 100, conditioning)
    finally:
        for handle in handles:
            handle.remove()
    levels, painted = seen["q"]
    layers = network.conditioning
    taken = layers.taken(conditioning, levels)
    weight = network.head.weight[..., 0, 0]
    wanted = (
        torch.einsum("mc,nchw->nmhw", weight[:, :64], levels[-1])
        + torch.einsum("mc,nchw->nmhw", weight[:, 64:96], painted)
        + torch.einsum("mc,nchw->nmhw", weight[:, 96:], taken)
        + network.head.bias[:, None, None]
        + layers.mood_maps(layers.mood(conditioning.mood))[..., None, None]
    )
    torch.testing.assert_close(maps, wanted, atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(hinted, taken[:, 2:])
    assert seen["deep"].shape == (1, 256, 2, 3)


@pytest.mark.parametrize("size", [(32, 32), (64, 160), (96, 64)])
@torch.no_grad()
def test_maps_at_a_quarter_and_features_at_a_sixteenth(model, size):
    height, width = size
    maps, features, hinted = model.network(torch.rand(1, 1, *size) * 100, given(*size))
    assert maps.shape == (1, model.output.channels, height // 4, width // 4)
    assert features.shape == (1, 120, height // 16, width // 16)
    assert hinted.shape == (1, 1, height // 4, width // 4)
    assert 0 <= hinted.min() <= hinted.max() <= 1


@torch.no_grad()
def test_the_encoder_sees_lightness_as_it_saw_pictures(model):
    seen = []
    handle = model.network.encoder.conv_stem.register_forward_hook(
        lambda *hooked: seen.extend(hooked[1])
    )
    lightness = torch.linspace(0, 100, 32 * 32).view(1, 1, 32, 32)
    try:
        model(lightness)
    finally:
        handle.remove()
    gray = lightness / 100
    torch.testing.assert_close(seen[0], (gray - 0.5) / 0.5)


@torch.no_grad()
def test_samples_do_not_see_each_other(model):
    pair, hints = torch.rand(2, 1, 64, 64) * 100, given(64, 64)
    alone = [model(each[None], hints) for each in pair]
    together = model(pair, Conditioning(*(each.expand(2, *each.shape[1:]) for each in hints)))
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-3, rtol=1e-4)


def test_training_can_go_on_from_the_exported_file(model, tmp_path):
    path = tmp_path / "model.onnx"
    export_onnx(model, path, card_of(model, name="lite2", size=64))
    torch.manual_seed(1)
    other = ColorizerModel(CONFIG, pretrained=False).eval()
    start_from(other, CONFIG, path)
    for (name, wanted), found in zip(
        model.state_dict().items(), other.state_dict().values(), strict=True
    ):
        if wanted.is_floating_point():
            assert torch.allclose(found, wanted, rtol=1e-3, atol=1e-6), name
