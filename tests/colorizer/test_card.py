"""The card is read strictly: whatever is off is named."""

from __future__ import annotations

import json
from dataclasses import MISSING, asdict, fields, replace

import pytest

from rechroma.colorizer.card import ModelCard, parse_card
from rechroma.errors import ModelError


def test_round_trip(card):
    assert parse_card(card.to_json(), "here") == card


def test_a_curve_makes_the_round_trip_and_old_cards_have_none(card):
    curved = replace(card, chroma_curve=10.0)
    assert parse_card(curved.to_json(), "here") == curved
    old = asdict(card)
    del old["chroma_curve"]
    assert parse_card(json.dumps(old), "here").chroma_curve == 0


def test_json_is_readable_by_anybody(card):
    assert json.loads(card.to_json()) == asdict(card)


NEEDED = [f.name for f in fields(ModelCard) if f.default is MISSING is f.default_factory]


@pytest.mark.parametrize("key", NEEDED)
def test_a_missing_key_is_named(card, key):
    values = asdict(card)
    del values[key]
    with pytest.raises(ModelError, match=f"here.*lacks the key '{key}'"):
        parse_card(json.dumps(values), "here")


def test_an_unknown_key_is_named(card):
    with pytest.raises(ModelError, match="unknown key 'color_space'"):
        parse_card(json.dumps(asdict(card) | {"color_space": "Lab"}), "here")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", ""),
        ("version", 1),
        ("input", "lab"),
        ("output", "lab"),
        ("stride", 0),
        ("stride", 32.0),
        ("output_stride", True),
        ("size", "256"),
        ("hints", 0),
        ("chroma_curve", -1),
        ("chroma_curve", True),
        ("chroma_curve", float("inf")),
        ("training_data", None),
        ("scores", ["PSNR"]),
        ("scores", {"PSNR": "23 dB"}),
        ("scores", {"PSNR": float("nan")}),
    ],
)
def test_a_wrong_value_is_named(card, key, value):
    with pytest.raises(ModelError, match=f"card key '{key}' is"):
        parse_card(json.dumps(asdict(card) | {key: value}), "here")


def test_strides_that_do_not_fit(card):
    text = json.dumps(asdict(card) | {"stride": 30})
    with pytest.raises(ModelError, match="stride 30 is no multiple of output_stride 4"):
        parse_card(text, "here")


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "3"])
def test_not_a_json_object(text):
    with pytest.raises(ModelError, match="here: its card is not"):
        parse_card(text, "here")
