import sys

import pytest

from rechroma.training.checkpoint import save_weights
from rechroma.training.config import NetworkConfig
from rechroma.training.hardware import speed_hints
from rechroma.training.model import ColorizerModel


@pytest.fixture
def proc(tmp_path):
    """Write what the kernel would tell of an allocator in use and of the processor."""

    def make(maps="", flags=""):
        (tmp_path / "self").mkdir()
        (tmp_path / "self" / "maps").write_text(f"7f00-7f01 r-xp 0 08:01 1 {maps}\n")
        (tmp_path / "cpuinfo").write_text(f"flags\t: fpu {flags}\n")
        return tmp_path

    return make


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="told of Linux alone")
@pytest.mark.parametrize(
    ("maps", "flags", "precision", "words"),
    [
        ("libc.so.6", "", "no", ["LD_PRELOAD=libjemalloc.so.2"]),
        ("libjemalloc.so.2", "", "no", []),
        ("libjemalloc.so.2", "amx_bf16", "no", ["PRECISION=bf16"]),
        ("libjemalloc.so.2", "amx_bf16", "bf16", []),
        ("libc.so.6", "amx_bf16", "no", ["LD_PRELOAD=", "PRECISION=bf16"]),
    ],
)
def test_what_is_there_and_not_in_use_is_told(proc, maps, flags, precision, words):
    hints = speed_hints("cpu", precision, proc(maps, flags), "libjemalloc.so.2")
    assert len(hints) == len(words)
    assert all(word in hint for word, hint in zip(words, hints, strict=True))


def test_a_gpu_without_bf16_is_told_of_it_alone(tmp_path):
    assert ["bf16" in hint for hint in speed_hints("cuda", "no", tmp_path)] == [True]
    assert speed_hints("cuda", "bf16", tmp_path) == []


def test_a_checkpoint_is_under_16_megabytes(tmp_path):
    config = NetworkConfig(name="efficientnet_lite2_unet", output="bins")
    model = ColorizerModel(config, pretrained=False)
    facts = {"step": 1, "log_weights": [0.123456789] * 261}
    save_weights(model, tmp_path / "x.safetensors", config, facts)
    assert (tmp_path / "x.safetensors").stat().st_size < 16e6
