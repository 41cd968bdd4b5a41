"""The notebooks run from top to bottom, and what they say of the original's swatches holds."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
# Each notebook's parameters, as small as they can be: seconds in the place of minutes.
SMALL = {
    "swatches": {"SIDE": 96, "PAIRS": [("rocket", "street")], "OWN": ["coffee", "rocket"]},
    "tour": {"SIDE": 128},
    "training": {"STEPS": 3, "BATCH": 2},
}
_MOST_BYTES = 300_000


def read(name):
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed_by(notebook):
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    return "".join(output.text for output in outputs if output.output_type == "stream")


@pytest.fixture
def executed():
    """Run a notebook with its small parameters; an error in a cell is raised here."""

    def run(name):
        notebook = read(name)
        (parameters,) = [
            c for c in code_cells(notebook) if "parameters" in c.metadata.get("tags", [])
        ]
        for key, value in SMALL[name].items():
            assert re.search(rf"^{key} = ", parameters.source, re.MULTILINE), key
            parameters.source += f"\n{key} = {value!r}"
        resources = {"metadata": {"path": str(NOTEBOOKS)}}
        NotebookClient(notebook, timeout=600, resources=resources).execute()
        return printed_by(notebook)

    return run


def test_every_notebook_has_small_parameters():
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == SMALL.keys()


@pytest.mark.parametrize("name", SMALL)
def test_what_is_kept_is_small_and_from_one_run(name):
    """Outputs are from one run of all cells, and tell nothing of the machine that they are from."""
    notebook = read(name)
    nbformat.validate(notebook)
    assert (NOTEBOOKS / f"{name}.ipynb").stat().st_size < _MOST_BYTES
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]
    assert not re.search(r"/(tmp|home|root|work|Users)/", printed_by(notebook))


@pytest.mark.slow
def test_tour(executed):
    printed = executed("tour")
    assert "LUT_3D_SIZE 33" in printed
    assert "4 changed" in printed
    assert "| gray copy |" in printed


@pytest.mark.slow
def test_training(executed):
    printed = executed("training")
    assert "step 3 (100.0 %)" in printed
    assert "| ckpt_best |" in printed
    assert "1 colorized: old.color.png" in printed


@pytest.mark.slow
def test_swatches(executed):
    """The original fails in its own mood, and is further from another than Reinhard is."""
    printed = executed("swatches")
    first = {
        words.strip(): float(number)
        for words, number in re.findall(r"^(.{42}) *(\d+\.\d+)", printed, re.MULTILINE)
    }
    for way in ("original", "original, normalized"):
        assert first[f"rocket -> street, {way}"] > 2 * first["rocket -> street, Reinhard"]
        for own in ("coffee", "rocket"):
            assert first[f"{own}, {way}"] > 3
    for way in ("Reinhard", "rechroma"):
        assert first[f"coffee, {way}"] < 0.1
