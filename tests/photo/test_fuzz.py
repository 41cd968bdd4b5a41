"""Thousands of damaged files: a clear error or a picture, never a crash."""

import json
import subprocess
import sys

import pytest

KINDS = ["jpeg", "progressive", "cmyk", "png", "palette", "webp", "avif", "gif", "bmp",
         "lzw", "sixteen-tiff"]  # fmt: skip
VARIANTS = 300

CHILD = """
import json, random, sys, tempfile
from pathlib import Path
from rechroma.errors import RechromaError
from rechroma.photo import read

path, variants = Path(sys.argv[1]), int(sys.argv[2])
original = path.read_bytes()
done = {"picture": 0, "error": 0}
with tempfile.TemporaryDirectory() as folder:
    damaged = Path(folder, path.name)
    for seed in range(variants):
        print(seed, file=sys.stderr, flush=True)
        rng = random.Random(seed)
        content = bytearray(original)
        for _ in range(rng.choice([1, 3, 10, 40])):
            # The first bytes hold what decoders believe without looking.
            at = rng.randrange(min(len(content), rng.choice([200, len(content)])))
            content[at] ^= 1 << rng.randrange(8)
        damaged.write_bytes(content)
        try:
            photo = read(damaged, max_pixels=4_000_000)
            assert photo.pixels.shape == (photo.height, photo.width, 3)
            done["picture"] += 1
        except RechromaError as error:
            assert str(error)
            done["error"] += 1
print(json.dumps(done))
"""


@pytest.mark.parametrize("kind", KINDS)
def test_flipped_bits_never_crash(files, kind):
    done = subprocess.run(
        [sys.executable, "-c", CHILD, files[kind], str(VARIANTS)], capture_output=True, text=True
    )
    last = done.stderr.strip().splitlines()[-12:]
    assert done.returncode == 0, f"variant: {last}"
    counts = json.loads(done.stdout.splitlines()[-1])
    assert counts["picture"] + counts["error"] == VARIANTS
    assert counts["error"] > 0
