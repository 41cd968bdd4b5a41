"""ONNX Runtime, loaded when it is first needed, and told to keep to itself."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["load_runtime", "runtime_errors"]


@cache
def load_runtime() -> ModuleType:
    """Return the module `onnxruntime`, with its telemetry off.

    Its official builds send events to their makers, and since 1.32 those for Linux and macOS also
    write an identifier of the machine to the folder for temporary files. Photographs are nobody
    else's business, and a promise that nothing leaves the machine has to hold for libraries, too.
    The variable of the environment is the only way that works before the first event (and where
    somebody has set it, it stays as it is); the call is for Windows, which does not heed it.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    runtime = import_module("onnxruntime")
    runtime.disable_telemetry_events()
    return runtime


def runtime_errors() -> tuple[type[Exception], ...]:
    """Return what ONNX Runtime raises."""
    load_runtime()
    # A compiled module, which a type checker can't look into.
    state = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    names = ("EPFail", "Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf",
             "NotImplemented", "RuntimeException")  # fmt: skip
    return cast("tuple[type[Exception], ...]", tuple(getattr(state, name) for name in names))
