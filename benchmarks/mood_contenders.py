"""Mood transfer, ours and others', behind one signature: 8-bit source, 8-bit target → 8-bit result.

The others are called as their documentation shows. What leaves 0…255 is clipped, which is kinder
than what some of them do when they save; NaN becomes 0, as a cast makes it.

    pip install color-matcher colortrans python-color-transfer color_transfer scikit-image \
        opencv-python
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import TypeAlias

import numpy as np

from rechroma.mood import METHODS, transfer
from rechroma.photo import read

Picture: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]"
Contender: TypeAlias = Callable[[Picture, Picture], Picture]

# Module that has to be there → (name in tables, how to call it).
_PEERS = {
    "color_matcher": ("reinhard", "mkl", "hm", "hm-mkl-hm"),
    "colortrans": ("lhm", "pccm", "reinhard"),
    "python_color_transfer": ("mean-std", "lab", "idt + regrain"),
    "color_transfer": ("reinhard",),
    "skimage": ("match_histograms",),
}


def contenders() -> dict[str, Contender]:
    """Return name → function, of every package that is installed."""
    found: dict[str, Contender] = {f"rechroma {method}": _ours(method) for method in METHODS}
    for module, methods in _PEERS.items():
        if find_spec(module):
            found |= {f"{module} {method}": _peer(module, method) for method in methods}
    return found


def _ours(method: str) -> Contender:
    def run(source: Picture, target: Picture) -> Picture:
        return transfer(read(source), read(target), method=method).to_uint8()

    return run


def _peer(module: str, method: str) -> Contender:
    call = {
        "color_matcher": _color_matcher,
        "colortrans": _colortrans,
        "python_color_transfer": _python_color_transfer,
        "color_transfer": _color_transfer,
        "skimage": _skimage,
    }[module](method)

    def run(source: Picture, target: Picture) -> Picture:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Copies, because some of them write into what they are given.
            result = np.asarray(call(source.copy(), target.copy()))
        return np.clip(np.nan_to_num(np.round(result), nan=0), 0, 255).astype(np.uint8)

    return run


def _color_matcher(method: str) -> Contender:
    from color_matcher import ColorMatcher

    return lambda source, target: ColorMatcher().transfer(src=target, ref=source, method=method)


def _colortrans(method: str) -> Contender:
    import colortrans

    function = getattr(colortrans, f"transfer_{method}")
    return lambda source, target: function(target, source)


def _python_color_transfer(method: str) -> Contender:
    from python_color_transfer.color_transfer import ColorTransfer

    names = {
        "mean-std": "mean_std_transfer",
        "lab": "lab_transfer",
        "idt + regrain": "pdf_transfer",
    }
    extra = {"regrain": True} if method == "idt + regrain" else {}
    function = getattr(ColorTransfer(), names[method])
    return lambda source, target: function(
        img_arr_in=target[..., ::-1].copy(), img_arr_ref=source[..., ::-1].copy(), **extra
    )[..., ::-1]


def _color_transfer(method: str) -> Contender:
    from color_transfer import color_transfer

    assert method == "reinhard"
    return lambda source, target: color_transfer(
        source[..., ::-1].copy(), target[..., ::-1].copy()
    )[..., ::-1]


def _skimage(method: str) -> Contender:
    from skimage.exposure import match_histograms

    assert method == "match_histograms"
    return lambda source, target: match_histograms(target, source, channel_axis=-1)
