"""Each option of an operation is declared once, and is the same wherever it is met."""

from __future__ import annotations

import inspect
import json
import math
import re
from dataclasses import FrozenInstanceError, dataclass, fields
from pathlib import Path

import click
import pytest

import rechroma
from rechroma.cli.apply import apply as apply_command
from rechroma.cli.colorize import colorize as colorize_command
from rechroma.cli.look import save as save_command
from rechroma.cli.operation_options import columns_of, operation_options, with_columns
from rechroma.cli.prepare import prepare as prepare_command
from rechroma.cli.transfer import transfer as transfer_command
from rechroma.colorizer import ColorizeOptions, Colorizer
from rechroma.errors import UsageError
from rechroma.metadata import MetadataOptions
from rechroma.mood import Swatch, TransferOptions
from rechroma.options import CheckedOptions, option, options_of
from rechroma.preparation import PrepareOptions
from rechroma.video import FilmOptions
from rechroma.web import film_schemas, schemas

SCRIPTS = Path(rechroma.__file__).parent / "web" / "static" / "js"
BOXES = Swatch((0, 0, 9, 9), (1, 1, 9, 9))


def names(kind):
    return {each.name for each in fields(kind)}


@pytest.mark.parametrize(
    ("function", "kind", "others"),
    [
        (
            rechroma.colorize,
            ColorizeOptions,
            {
                "hints",
                "masks",
                "mood",
                "look",
                "prepare",
                "prepared_lightness",
                "size",
                "model",
                "device",
            },
        ),
        (Colorizer.colorize, ColorizeOptions, {"hints", "masks", "mood"}),
        (rechroma.fit_look, TransferOptions, set()),
        (rechroma.transfer, TransferOptions, {"masks"}),
    ],
)
def test_pythons_keywords(function, kind, others):
    parameters = inspect.signature(function).parameters.values()
    keywords = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
    # What a look is, and how it is applied, are two functions.
    apart = {rechroma.fit_look: {"exact"}, rechroma.transfer: {"size"}}.get(function, set())
    assert keywords.keys() == (names(kind) - apart) | others
    for name in names(kind) - apart:
        assert keywords[name] == getattr(kind(), name)


@pytest.mark.parametrize("function", [rechroma.write, rechroma.Photo.save])
def test_pythons_keywords_about_metadata(function):
    parameters = inspect.signature(function).parameters
    for each in options_of(MetadataOptions):
        assert parameters[each.name].default == each.default
        assert parameters[each.name].kind is inspect.Parameter.KEYWORD_ONLY


@pytest.mark.parametrize(
    ("command", "typed", "kind", "without"),
    [
        (colorize_command, ["a"], ColorizeOptions, {"recolor"}),
        (transfer_command, ["--src", "a", "--target", "b"], TransferOptions, set()),
        (colorize_command, ["a"], MetadataOptions, set()),
        (transfer_command, ["--src", "a", "--target", "b"], MetadataOptions, set()),
        (apply_command, ["look", "a"], MetadataOptions, set()),
        (prepare_command, ["a"], PrepareOptions, set()),
        (prepare_command, ["a"], MetadataOptions, set()),
        (colorize_command, ["a"], PrepareOptions, set()),
        (save_command, ["n", "--from", "a"], TransferOptions, {"swatches", "exact"}),
    ],
)
def test_the_command_lines_options(command, typed, kind, without):
    found = command.make_context("command", typed).params
    assert all(found.get(name) is None for name in without)
    assert {name: found[name] for name in names(kind) - without} == {
        name: getattr(kind(), name) for name in names(kind) - without
    }


def test_what_is_typed_arrives():
    typed = ["--lut-size", "17", "--swatch", "1,2,3,4:5,6,7,8",
             "--strength", "0.5", "--exact"]  # fmt: skip
    found = []
    kept = operation_options(TransferOptions, to="how")(lambda **values: found.append(values))
    command = click.command()(kept)
    command.main(typed, standalone_mode=False)
    pair = Swatch((1, 2, 3, 4), (5, 6, 7, 8))
    wanted = TransferOptions(size=17, swatches=(pair,), strength=0.5, exact=True)
    assert found == [{"how": wanted}]


@pytest.mark.parametrize(
    ("model", "kind", "without"),
    [
        (schemas.ColorizeOptions, ColorizeOptions, set()),
        (schemas.Edit, ColorizeOptions, {"recolor"}),
        (schemas.PrepareOptions, PrepareOptions, set()),
        (schemas.TransferOptions, TransferOptions, {"exact", "size"}),
    ],
)
def test_the_services_options(model, kind, without):
    described = model.model_json_schema()["properties"]
    assert not without & described.keys()
    for each in options_of(kind):
        if each.name in without or each.parse is not None:
            continue
        said = described[each.name]
        assert said["default"] == each.default
        said = said.get("anyOf", [said])[0]
        if each.range is not None:
            assert (said["minimum"], said["maximum"]) == (each.range.low, each.range.high)
        assert tuple(said.get("enum", ())) == each.choices
    assert model.model_validate({}).options() == kind()


def test_the_services_options_of_films():
    described = film_schemas.FilmOptions.model_json_schema()["properties"]
    about_photographs = {"temperature", "recompress"}
    assert not about_photographs & described.keys()
    for each in [*options_of(FilmOptions), *options_of(ColorizeOptions)]:
        if each.name in {*about_photographs, "recolor"}:
            continue
        said = described[each.name]
        assert said["default"] == each.default
        assert tuple(said.get("enum", ())) == each.choices
        if each.range is not None:
            assert (said["minimum"], said["maximum"]) == (each.range.low, each.range.high)
    nothing = film_schemas.FilmOptions.model_validate({})
    assert nothing.film_options() == FilmOptions()
    # As on the command line, a film in color is colored anew if somebody wants it.
    assert nothing.options() == ColorizeOptions(recolor=False)
    said = {"crf": 30, "start": "1:10", "end": "80", "strength": 0.4, "recolor": True}
    wanted = film_schemas.FilmOptions.model_validate(said)
    assert wanted.film_options() == FilmOptions(crf=30, start="1:10", end="80")
    assert wanted.options() == ColorizeOptions(strength=0.4)


def test_what_a_client_says_arrives():
    said = {"method": "swatches", "strength": 0.3, "luminance": "keep",
            "swatches": [{"source": BOXES.source, "target": BOXES.target}]}  # fmt: skip
    wanted = TransferOptions(strength=0.3, luminance="keep", swatches=(BOXES,))
    assert schemas.TransferOptions.model_validate(said).options() == wanted
    said = {"strength": 0.3, "vividness": 0.7, "recolor": False}
    wanted = ColorizeOptions(strength=0.3, vividness=0.7, recolor=False)
    assert schemas.ColorizeOptions.model_validate(said).options() == wanted


def test_a_switch_that_is_on_can_be_turned_off():
    @dataclass(frozen=True)
    class On(CheckedOptions):
        bright: bool = option(True, "Whether it is bright.")

    found = []
    command = click.command()(operation_options(On, to="how")(lambda **v: found.append(v["how"])))
    for typed in ([], ["--no-bright"], ["--bright"]):
        command.main(typed, standalone_mode=False)
    assert [each.bright for each in found] == [True, False, True]


def test_the_page_begins_with_the_defaults():
    for name in ("strength", "vividness", "temperature"):
        said = re.search(rf"\b{name}: ([^,]+),", _script("edit.js").split("plainEdit")[1])[1]
        assert float(said) == getattr(ColorizeOptions, name)


def test_the_page_makes_ready_as_the_package_does():
    usual = re.search(r"USUAL = \{(.*?)\};", _script("prints.js"), re.DOTALL)[1]
    for each in options_of(PrepareOptions):
        said = re.search(rf"\b{each.name}: ([^,\n]+),", usual)[1]
        assert json.loads(said) == each.default


def _script(name):
    return (SCRIPTS / name).read_text()


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        (ColorizeOptions, {"strength": 1.51}, "strength 1.51 is out of range: give 0 to 1.5"),
        (ColorizeOptions, {"vividness": -0.1}, "vividness -0.1 is out of range: give 0 to 1.5"),
        (ColorizeOptions, {"strength": math.nan}, "strength nan is out of range"),
        (TransferOptions, {"strength": 1.5}, "strength 1.5 is out of range: give 0 to 1"),
        (TransferOptions, {"method": "magic"}, "there is no method 'magic': use one of reinhard, "),
        (TransferOptions, {"luminance": "dark"}, "there is no luminance 'dark': use one of match,"),
        (TransferOptions, {"regions": 1}, "1 regions are out of range: give 2 to 8"),
        (TransferOptions, {"regions": 2.5}, "regions 2.5 is no whole number: give 2 to 8"),
        (TransferOptions, {"strength": None}, "strength None is no number: give 0 to 1"),
        (TransferOptions, {"method": None}, "there is no method None: use one of reinhard, "),
        (ColorizeOptions, {"strength": "1"}, "strength '1' is no number: give 0 to 1.5"),
        (ColorizeOptions, {"recolor": None}, "recolor None is no switch: give True or False"),
        (TransferOptions, {"regions": 9}, "9 regions are out of range: give 2 to 8"),
        (TransferOptions, {"size": 20}, "a LUT of size 20: use one of 17, 33, 65"),
        (TransferOptions, {"method": "mkl", "regions": 3}, "method 'mkl' has no regions"),
        (TransferOptions, {"method": "mkl", "swatches": (BOXES,)}, "pairs of swatches are regions"),
        (TransferOptions, {"regions": 3, "swatches": (BOXES,)}, "pairs of swatches are regions"),
    ],
)
def test_what_can_not_be(kind, values, words):
    with pytest.raises(UsageError, match=re.escape(words)):
        kind(**values)


@pytest.mark.parametrize("regions", [None, 2, 8])
def test_the_ends_of_a_range_are_in_it(regions):
    assert TransferOptions(regions=regions, strength=0).regions == regions
    assert ColorizeOptions(strength=1.5, vividness=0).strength == 1.5


def test_they_are_values():
    with pytest.raises(FrozenInstanceError):
        ColorizeOptions().strength = 0.5
    assert hash(TransferOptions()) == hash(TransferOptions(strength=1.0))


def test_the_columns_of_a_table():
    assert columns_of(TransferOptions) == {
        "method", "strength", "luminance", "regions", "swatch", "exact", "lut_size"
    }  # fmt: skip
    row = {"strength": "0.5", "swatch": "1,2,3,4:5,6,7,8; 0,0,9,9:1,1,9,9", "exact": "true",
           "lut_size": "17", "uri": "not mine"}  # fmt: skip
    wanted = TransferOptions(
        strength=0.5, swatches=(Swatch((1, 2, 3, 4), (5, 6, 7, 8)), BOXES), exact=True, size=17
    )
    assert with_columns(TransferOptions(), row) == wanted
    assert with_columns(wanted, {}) == wanted


@pytest.mark.parametrize(
    "row",
    [{"strength": "much"}, {"strength": "7"}, {"recolor": "perhaps"}, {"vividness": ""}],
)
def test_a_value_in_a_table_that_can_not_be(row):
    with pytest.raises(UsageError, match=next(iter(row))):
        with_columns(ColorizeOptions(), row)
