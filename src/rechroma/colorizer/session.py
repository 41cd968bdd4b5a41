"""A colorizer's network in ONNX Runtime, checked against its card."""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rechroma.color.bins import BINS
from rechroma.colorizer.card import (
    CARD_KEY,
    FEATURES,
    INPUT_CHANNELS,
    LOGITS,
    OUTPUT_CHANNELS,
    ModelCard,
    parse_card,
    parse_toml_card,
)
from rechroma.colorizer.conditioning import HINT_CHANNELS, MOOD_SIZE
from rechroma.colorizer.graph_io import (
    UNCONDITIONED,
    Conditioning,
    conditioning_inputs,
    conditioning_unsupported,
    decode_output,
    graph_input,
)
from rechroma.colorizer.registry import find_model
from rechroma.colorizer.subgraph import part_of
from rechroma.errors import ModelError, OutOfMemoryError
from rechroma.files import unicode_path

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from types import ModuleType

    import onnxruntime
    from numpy.typing import NDArray

__all__ = [
    "DEVICES",
    "FATAL_ONLY",
    "ModelSession",
    "available_devices",
    "load_card",
    "load_runtime",
    "open_model_session",
    "runtime_errors",
]


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


# Device name → ONNX Runtime's execution provider.
DEVICES = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "rocm": "ROCMExecutionProvider",
    "directml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
# "auto" takes the first of these that is there. The others compile the graph for each new shape,
# which costs more than one picture gains: they are used when they are asked for.
_AUTO = ("cuda", "rocm", "directml", "cpu")
# Of the runtime's levels of its log.
FATAL_ONLY = 4


class ModelSession:
    """One loaded network; `run` may be called from several threads at once.

    Args:
        session: The ONNX Runtime session.
        card: Its card.
        where: The model's path, for messages.
    """

    def __init__(self, session: onnxruntime.InferenceSession, card: ModelCard, where: str) -> None:
        self.card = card
        self._session = session
        self._where = where
        self._frugal = load_runtime().RunOptions()
        self._frugal.only_execute_path_to_fetches = True
        # Graphs of others have names of their own.
        self._input, self._chroma = session.get_inputs()[0].name, session.get_outputs()[0].name

    def run(
        self, lightness: NDArray[np.float32], conditioning: Conditioning = UNCONDITIONED
    ) -> NDArray[np.float32]:
        """Run the network.

        Args:
            lightness: L in 0…100, float32, shape (H, W), both multiples of the card's stride.
            conditioning: Hints and a mood.

        Returns:
            Float32, with s the card's output stride: a and b in CIELAB units, (2, H/s, W/s); of an
            "rgb" model sRGB, about 0…1, (3, H/s, W/s).

        Raises:
            ModelError: The graph fails, or gives another shape than its card says, or NaN.
            UsageError: Conditioning for a model that takes none.
            OutOfMemoryError: Its buffers don't fit into memory.
        """
        (maps,) = self._outputs([self._chroma], lightness, conditioning)
        return self._checked(maps, lightness)

    def run_whole(
        self, lightness: NDArray[np.float32], conditioning: Conditioning = UNCONDITIONED
    ) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Run the network, and return `run` and the logits, shape (Q, H/s, W/s), if it has them.

        See `run` for the arguments and errors.
        """
        if not self.card.temperature:
            return self.run(lightness, conditioning), None
        maps, logits = self._outputs([self._chroma, LOGITS], lightness, conditioning)
        return self._checked(maps, lightness), logits[0]

    def run_all(
        self, lightness: NDArray[np.float32], conditioning: Conditioning = UNCONDITIONED
    ) -> tuple[NDArray[np.float32], NDArray[np.float32] | None, NDArray[np.float32] | None]:
        """Run the network once, and return `run_whole` and `features`, if it has them."""
        names = [self._chroma]
        names += [LOGITS] if self.card.temperature else []
        names += [FEATURES] if self.card.feature_stride else []
        got = dict(zip(names, self._outputs(names, lightness, conditioning), strict=True))
        logits, features = got.get(LOGITS), got.get(FEATURES)
        return (
            self._checked(got[self._chroma], lightness),
            None if logits is None else logits[0],
            None if features is None else features[0],
        )

    def _checked(
        self, maps: NDArray[np.float32], lightness: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        height, width = lightness.shape
        step = self.card.output_stride
        wanted = (1, OUTPUT_CHANNELS[self.card.output], height // step, width // step)
        if maps.shape != wanted:
            raise ModelError(
                f"{self._where}: for L of {width}×{height} it gave {self.card.output} of shape "
                f"{maps.shape}, not {wanted} as its card says",
                "mend output_stride in the card",
            )
        if not np.isfinite(maps).all():
            raise ModelError(
                f"{self._where}: the network gave NaN or infinity", "use another model or device"
            )
        return decode_output(maps[0], self.card)

    def features(self, lightness: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what the encoder sees: places that show the same kind of thing are alike.

        Args:
            lightness: As of `run`.

        Returns:
            Float32, shape (C, H/f, W/f), with f the card's feature stride.

        Raises:
            ModelError: The model has no features, or the graph fails.
        """
        if not self.card.feature_stride:
            raise ModelError(f"{self._where}: this model gives no features", "use the shipped one")
        return self._outputs([FEATURES], lightness, UNCONDITIONED)[0][0]

    def _outputs(
        self, names: list[str], lightness: NDArray[np.float32], conditioning: Conditioning
    ) -> list[NDArray[np.float32]]:
        given = {self._input: graph_input(lightness, self.card)}
        if self.card.hints:
            height, width = lightness.shape
            given |= conditioning_inputs(conditioning, (height, width))
        elif conditioning is not UNCONDITIONED:
            raise conditioning_unsupported(self.card)
        with _runtime_errors(self._where):
            # Outputs that nobody wants cost nothing then.
            outputs = self._session.run(names, given, self._frugal)
        return cast("list[NDArray[np.float32]]", outputs)


def open_model_session(
    model: str | os.PathLike[str],
    *,
    device: str = "auto",
    threads: int | None = None,
    encoder_alone: bool = False,
) -> ModelSession:
    """Load a model.

    Args:
        model: A registered name or a path; see `find_model`.
        device: "auto" or a key of `DEVICES`.
        threads: Threads of one run on the CPU; None for one per core.
        encoder_alone: Load no more than `ModelSession.features` needs, where that can be told;
            nothing else may be asked of it then.

    Raises:
        ModelError: The model or the device isn't there, or the model breaks its card.
    """
    path = find_model(model)
    provider = _provider(device)
    part = _part(path, FEATURES) if encoder_alone else None
    session = _load(path, [provider, DEVICES["cpu"]], threads or 0, optimize=True, part=part)
    if device != "auto" and provider not in session.get_providers():
        raise ModelError(
            f"device {device!r} is there but does not start",
            "check its driver, or use --device cpu",
        )
    card = _encoder_card(session, str(path)) if part else _checked_card(session, str(path))
    return ModelSession(session, card, str(path))


def _part(path: Path, output: str) -> bytes | None:
    try:
        return part_of(path.read_bytes(), output)
    except OSError:
        return None  # the runtime says why


def load_card(model: str | os.PathLike[str]) -> ModelCard:
    """Return the card of a registered name or of an ONNX file.

    Raises:
        ModelError: No such model, or no valid card in it.

    Examples:
        >>> import rechroma
        >>> rechroma.load_card("default").license
        'Apache-2.0'
    """
    path = find_model(model)
    return _checked_card(_load(path, [DEVICES["cpu"]], 1, optimize=False), str(path))


def available_devices() -> list[str]:
    """Return the keys of `DEVICES` that this installation of ONNX Runtime offers."""
    offered = load_runtime().get_available_providers()
    return [device for device, provider in DEVICES.items() if provider in offered]


def _provider(device: str) -> str:
    available = available_devices()
    if device == "auto":
        return DEVICES[next(name for name in _AUTO if name in available)]
    if device not in available:
        raise ModelError(
            f"device {device!r} is not available here",
            f"use one of: auto, {', '.join(available)}",
        )
    return DEVICES[device]


def _load(
    path: os.PathLike[str],
    providers: list[str],
    threads: int,
    *,
    optimize: bool,
    part: bytes | None = None,
) -> onnxruntime.InferenceSession:
    """Return a session of a file, or of the part of it that is given instead."""
    onnxruntime = load_runtime()
    options = onnxruntime.SessionOptions()
    # Whatever fails is raised, and told once, by us.
    options.log_severity_level = FATAL_ONLY
    options.intra_op_num_threads = threads
    # Idle threads that spin for work win no time and cost CPU: a run of the 4 M network at 320²
    # took 45 ms of it with spinning and 29 without, on 2 cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not optimize:
        level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.graph_optimization_level = level
    unique = list(dict.fromkeys(providers))
    if part is not None:
        with _runtime_errors(str(path)):
            return onnxruntime.InferenceSession(part, options, providers=unique)
    with _runtime_errors(str(path)), unicode_path(Path(path)) as file:
        return onnxruntime.InferenceSession(str(file), options, providers=unique)


@contextmanager
def _runtime_errors(where: str) -> Generator[None]:
    """Turn what ONNX Runtime raises into this package's errors."""
    try:
        yield
    except runtime_errors() as error:
        reason = str(error).splitlines()[0]
        if "allocat" in reason:
            raise OutOfMemoryError(
                f"{where}: the network's buffers don't fit into memory", "use a smaller --size"
            ) from error
        raise ModelError(
            f"{where}: ONNX Runtime says: {reason}",
            "use an ONNX file that rechroma exported",
        ) from error


def _encoder_card(session: onnxruntime.InferenceSession, where: str) -> ModelCard:
    """Return the card of a file of ours of which the encoder alone was loaded."""
    card = parse_card(_own_card(session) or "", where)
    _check_ports(session.get_outputs(), {FEATURES: None}, where)
    return card


def _own_card(session: onnxruntime.InferenceSession) -> str | None:
    return session.get_modelmeta().custom_metadata_map.get(CARD_KEY)


def _checked_card(session: onnxruntime.InferenceSession, where: str) -> ModelCard:
    text = _own_card(session)
    if text is None:
        return _foreign_card(session, where)
    card = parse_card(text, where)
    outputs: dict[str, int | None] = {card.output: OUTPUT_CHANNELS[card.output]}
    if card.temperature:
        outputs[LOGITS] = BINS
    if card.feature_stride:
        outputs[FEATURES] = None
    inputs = session.get_inputs()
    if card.hints:
        _check_mood(inputs[2:], where)
        _check_ports(inputs[:2], {"lightness": 1, "hints": HINT_CHANNELS}, where)
    else:
        _check_ports(inputs, {"lightness": 1}, where)
    _check_ports(session.get_outputs(), outputs, where)
    return card


def _check_mood(ports: Sequence[Any], where: str) -> None:
    if [(port.name, list(port.shape)) for port in ports] != [("mood", [1, MOOD_SIZE])]:
        raise ModelError(
            f"{where}: its card says that it takes hints, but the graph has no input "
            f"mood [1, {MOOD_SIZE}]",
            "export it again, or mend its card",
        )


def _foreign_card(session: onnxruntime.InferenceSession, where: str) -> ModelCard:
    """Return the card that stands beside somebody else's model."""
    path = Path(where).with_suffix(".toml")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(
            f"{where}: no card in this ONNX file, and none beside it ({path.name})",
            "use a file that rechroma exported, or write a card: docs/models/other-models.md",
        ) from error
    card = parse_toml_card(text, str(path))
    inputs, outputs = session.get_inputs(), session.get_outputs()
    _check_ports(inputs, {inputs[0].name: INPUT_CHANNELS[card.input]}, where)
    _check_ports(outputs[:1], {outputs[0].name: OUTPUT_CHANNELS[card.output]}, where)
    _check_sides(inputs[0], card, str(path))
    return card


def _check_sides(port: Any, card: ModelCard, where: str) -> None:  # noqa: ANN401 - not typed by ONNX Runtime
    """Refuse a graph of one size whose card says that it takes any, or another one."""
    sides = [side for side in port.shape[2:] if isinstance(side, int)]
    if sides and not (card.fixed and sides == [card.size] * 2):
        raise ModelError(
            f"{where}: the graph takes {' × '.join(map(str, sides))} alone",
            f"write fixed = true and size = {sides[0]}; other shapes need another export",
        )


def _check_ports(ports: Sequence[Any], wanted: Mapping[str, int | None], where: str) -> None:
    """Refuse a graph whose inputs or outputs are not what the card says, name → channels."""
    if len(ports) == len(wanted) and all(
        port.name == name
        and port.type == "tensor(float)"
        and len(port.shape) == 4
        and (channels is None or port.shape[1] in (channels, None))
        for port, (name, channels) in zip(ports, wanted.items(), strict=True)
    ):
        return
    found = ", ".join(f"{port.name}: {port.type} {port.shape}" for port in ports)
    says = ", ".join(f"{name}: tensor(float) [N, {c or 'C'}, H, W]" for name, c in wanted.items())
    raise ModelError(
        f"{where}: the graph has {found or 'nothing'} where its card says {says}",
        "export it again, or mend its card",
    )
