"""What holds for the package as a whole."""

import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import rechroma

LIGHT = ["rechroma", "rechroma.batch", "rechroma.cli", "rechroma.color", "rechroma.colorizer",
         "rechroma.mood", "rechroma.photo", "rechroma.preparation"]  # fmt: skip
HEAVY = {"torch", "torchvision", "timm", "accelerate", "pydantic", "skimage", "scipy"}


@pytest.mark.parametrize("room", LIGHT)
def test_light_rooms_load_nothing_heavy(room):
    # Names of some rooms are loaded when they are first used.
    names = "[getattr(room, name) for name in room.__all__]"
    code = f"import sys, {room} as room; {names}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())


def test_importing_the_package_loads_nothing_at_all():
    code = "import sys; before = set(sys.modules); import rechroma; print(*set(sys.modules)-before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert loaded - {"rechroma"} <= sys.stdlib_module_names


@pytest.mark.parametrize("room", ["rechroma.colorizer", "rechroma.mood"])
def test_no_module_takes_the_place_of_a_name(room):
    """`import rechroma.mood.transfer` would make a module of `rechroma.mood.transfer`."""
    package = import_module(room)
    modules = {each.name for each in pkgutil.iter_modules(package.__path__)}
    assert not modules & set(package.__all__)
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        _ = package.no_such_name


def test_imports_follow_the_rooms_order():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter], cwd=Path(__file__).parents[1], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_public_api_is_what_it_was():
    recorded = (Path(__file__).parent / "public_api.txt").read_text(encoding="utf-8").split()
    assert sorted(rechroma.__all__) == recorded
    for name in recorded:
        assert getattr(rechroma, name) is not None


def test_the_function_survives_the_import_of_every_light_room():
    code = f"import {', '.join(LIGHT)}; assert callable(rechroma.colorize)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="colorise"):
        _ = rechroma.colorise


def test_every_photograph_that_ships_is_credited():
    root = Path(__file__).parents[1]
    examples = {path.name for path in (root / "examples").glob("*.jpg")}
    samples = {path.name for path in (root / "src/rechroma/web/static/samples").iterdir()}
    text = (root / "examples" / "CREDITS.md").read_text(encoding="utf-8")
    here, _, of_the_page = text.partition("## Samples of the page")
    credited, more = (
        {row.split("`")[1] for row in part.splitlines() if row.startswith("| `")}
        for part in (here, of_the_page)
    )
    assert examples == credited
    assert more < samples <= credited | more
