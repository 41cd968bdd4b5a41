"""One contender of `colorize.py` in a process of its own; imports only what that contender needs.

    python colorize_child.py CONTENDER MODEL OUT_FOLDER PICTURE...

Prints the CPU seconds of the last picture as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

Colorize = Callable[[str, str], None]


def ours(model: str) -> Colorize:
    """The Python API."""
    from rechroma.colorizer import Colorizer

    colorizer = Colorizer(model)

    def run(source: str, target: str) -> None:
        colorizer.colorize(source).save(target, overwrite=True)

    return run


def bare(model: str) -> Colorize:
    """Decoding, our network at its own size, and encoding: nothing of this package."""
    import numpy as np
    import onnxruntime
    import OpenImageIO

    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    card = json.loads(session.get_modelmeta().custom_metadata_map["rechroma.card"])
    wanted = [session.get_outputs()[0].name]
    frugal = onnxruntime.RunOptions()
    frugal.only_execute_path_to_fetches = True

    def run(source: str, target: str) -> None:
        picture = OpenImageIO.ImageBuf(source)
        height, width, _ = picture.get_pixels(OpenImageIO.UINT8).shape
        scale = card["size"] / min(height, width) / card["stride"]
        sides = [max(1, round(side * scale)) * card["stride"] for side in (height, width)]
        given = {"lightness": np.full((1, 1, *sides), 50, np.float32)}
        for port in session.get_inputs()[1:]:  # no conditioning: zeros for hints and mood
            shape = (1, 3, *sides) if port.name == "hints" else port.shape
            given[port.name] = np.zeros(shape, np.float32)
        session.run(wanted, given, frugal)
        picture.write(target)

    return run


def zhang(name: str) -> Colorize:
    """ECCV16 or SIGGRAPH17 as the `colorizers` package's own demo runs them."""
    import torch
    from PIL import Image

    # The package imports IPython, for debugging alone and without declaring it.
    shell = ModuleType("IPython")
    vars(shell)["embed"] = None
    sys.modules["IPython"] = shell
    import colorizers

    network = getattr(colorizers, name)(pretrained=False).eval()

    def run(source: str, target: str) -> None:
        full, small = colorizers.preprocess_img(colorizers.load_img(source), HW=(256, 256))
        with torch.inference_mode():
            rgb = colorizers.postprocess_tens(full, network(small))
        Image.fromarray((rgb.clip(0, 1) * 255).astype("uint8")).save(target, quality=92)

    return run


def ddcolor() -> Colorize:
    """DDColor-tiny at its own 512 × 512, through spandrel's call."""
    import numpy as np
    import torch
    from PIL import Image
    from spandrel_extra_arches.architectures.DDColor import DDColor, _call

    network = DDColor(
        encoder_name="convnext-t",
        input_size=(512, 512),
        num_output_channels=2,
        last_norm="Spectral",
        num_queries=100,
    ).eval()

    def run(source: str, target: str) -> None:
        gray = np.asarray(Image.open(source).convert("L"), np.float32) / 255
        with torch.inference_mode():
            rgb = _call(network, torch.from_numpy(gray)[None, None])[0]
        picture = (rgb.clamp(0, 1) * 255).byte().permute(1, 2, 0).numpy()
        Image.fromarray(picture).save(target, quality=92)

    return run


MAKERS: dict[str, Callable[[str], Colorize]] = {
    "rechroma (Python)": ours,
    "bare": bare,
    "ECCV16": lambda _: zhang("eccv16"),
    "SIGGRAPH17": lambda _: zhang("siggraph17"),
    "DDColor-tiny": lambda _: ddcolor(),
}


def main() -> None:
    """Colorize the pictures given on the command line and tell what the last one took."""
    contender, model, out, *pictures = sys.argv[1:]
    colorize = MAKERS[contender](model)
    spent = 0.0
    for picture in pictures:
        start = time.process_time()
        colorize(picture, str(Path(out) / Path(picture).name))
        spent = time.process_time() - start
    json.dump({"last_cpu_s": spent}, sys.stdout)


if __name__ == "__main__":
    main()
