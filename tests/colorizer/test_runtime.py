import os
import subprocess
import sys

SEE = """
from rechroma import Colorizer
import numpy as np
Colorizer().colorize(np.zeros((40, 40), np.uint8))
"""


def run(folder, **more):
    environment = {key: value for key, value in os.environ.items() if "TELEMETRY" not in key}
    subprocess.run(  # the library writes its identifier as soon as it is loaded
        [sys.executable, "-c", SEE],
        check=True, timeout=120, env={**environment, "TMPDIR": str(folder), **more},
    )  # fmt: skip
    return [path.name for path in folder.rglob("*")]


def test_the_runtime_leaves_nothing_on_the_machine(tmp_path):
    """Its telemetry would leave an identifier in the folder for temporary files."""
    home = tmp_path / "home"
    home.mkdir()
    left = run(tmp_path, HOME=str(home), XDG_CACHE_HOME=str(home))
    assert left == ["home"]
