"""What holds for all tests: the tiers, and how hypothesis and processes are run."""

from __future__ import annotations

import io
import os
import struct
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings
from PIL import ImageCms

# Properties are about results, not about how fast a busy machine finds them.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

HERE = Path(__file__).parent
# Every picture turns this color by the model of one layer: a, b in CIELAB.
TINT = (30.0, 20.0)
# Folders and modules, by what they need; see the markers in pyproject.toml.
TRAIN = (
    "training", "evaluation", "experiments", "color/test_lab_torch.py", "test_notebooks.py"
)  # fmt: skip
BROWSER = ("web/page", "web/test_compare_page.py")
CLUSTER = ("cluster",)
FILMS = ("video",)
NEEDED = {"torch": TRAIN, "playwright": BROWSER, "ray": CLUSTER, "av": FILMS, "cv2": FILMS}
WINDOWS = "Windows has no such signals, links or locks"
MISSING = {package: places for package, places in NEEDED.items() if find_spec(package) is None}


def _among(path: Path, places: tuple[str, ...]) -> bool:
    if not path.is_relative_to(HERE):
        return False
    inside = path.relative_to(HERE).as_posix()
    return any(inside == place or inside.startswith(f"{place}/") for place in places)


def pytest_report_header() -> list[str]:
    return [
        f"without {package}: {', '.join(places)} are left out"
        for package, places in MISSING.items()
    ]


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """What needs a package that is not there is left out before it is imported."""
    return True if any(_among(collection_path, places) for places in MISSING.values()) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Those that take long go first: at the end no core waits for another's.
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    for item in items:
        if _among(item.path, TRAIN):
            item.add_marker("train")
        if _among(item.path, BROWSER):
            item.add_marker("browser")
        if os.name == "nt" and (marker := item.get_closest_marker("posix")):
            item.add_marker(pytest.mark.skip(reason=marker.kwargs.get("reason", WINDOWS)))


@pytest.fixture(scope="session")
def make_card():
    """make_card(name, **changes) → the card of a small model of tests, with no hints."""
    from rechroma.colorizer.card import ModelCard

    plain = ModelCard(
        name="plain",
        version="1",
        license="CC0-1.0",
        input="lightness",
        output="chroma",
        stride=32,
        output_stride=4,
        feature_stride=0,
        size=64,
        hints=False,
        training_data="nothing",
        scores={},
    )
    return lambda name, **changes: replace(plain, name=name, **changes)


@pytest.fixture(scope="session")
def save_model():
    """save_model(path, graph, card) → path; `card` is a card, raw text, or None for none."""
    import onnx
    from onnx import helper

    from rechroma.colorizer.card import CARD_KEY

    def save(path, graph, card):
        opset = helper.make_opsetid("", 17)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
        if card is not None:
            text = card if isinstance(card, str) else card.to_json()
            helper.set_model_props(model, {CARD_KEY: text})
        onnx.save(model, path)
        return path

    return save


@pytest.fixture(scope="session")
def model(tmp_path_factory, make_card, save_model):
    """An ONNX colorizer that answers `TINT` everywhere, at a quarter of the size."""
    from onnx import TensorProto, helper

    weights = helper.make_tensor("w", TensorProto.FLOAT, (2, 1, 4, 4), [0.0] * 32)
    bias = helper.make_tensor("b", TensorProto.FLOAT, (2,), TINT)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["lightness", "w", "b"], ["chroma"], strides=[4, 4])],
        "tint",
        [helper.make_tensor_value_info("lightness", TensorProto.FLOAT, ["n", 1, "h", "w"])],
        [helper.make_tensor_value_info("chroma", TensorProto.FLOAT, ["n", 2, "h4", "w4"])],
        [weights, bias],
    )
    path = tmp_path_factory.mktemp("model") / "tint.onnx"
    return str(save_model(path, graph, make_card("tint")))


@pytest.fixture(scope="session")
def adobe_profile():
    """A matrix profile with Adobe RGB's primaries and gamma, written tag by tag."""

    def xyz(values):
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in values))

    # Adobe RGB (1998) colorants adapted to D50, and its gamma 563/256.
    tags = {
        b"rXYZ": xyz((0.60974, 0.31111, 0.01947)),
        b"gXYZ": xyz((0.20528, 0.62567, 0.06087)),
        b"bXYZ": xyz((0.14919, 0.06322, 0.74457)),
        b"wtpt": xyz((0.9642, 1.0, 0.8249)),
        b"cprt": b"text\0\0\0\0none\0",
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 6) + b"Adobe\0" + b"\0" * 78,
        **{name: b"curv\0\0\0\0" + struct.pack(">IH", 1, 563) for name in
           (b"rTRC", b"gTRC", b"bTRC")},
    }  # fmt: skip
    table, body = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        content += b"\0" * (-len(content) % 4)
        table += struct.pack(">4sII", name, start + len(body), len(content))
        body += content
    size = start + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"\0\0\0\0", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    header = header.ljust(36, b"\0") + b"acsp" + b"\0" * 28 + struct.pack(
        ">3i", *(round(v * 65536) for v in (0.9642, 1.0, 0.8249)))  # fmt: skip
    profile = header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body
    ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return profile
