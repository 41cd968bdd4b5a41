"""Names and paths of models."""

from __future__ import annotations

from pathlib import Path

import pytest

from rechroma.colorizer import DEFAULT_MODEL, MODELS, Colorizer, find_model
from rechroma.errors import ModelError


def test_a_path_is_taken_as_it_is(make_model):
    path = make_model()
    assert find_model(path) == path
    assert find_model(str(path)) == path


def test_a_file_name_alone_is_a_path(make_model, monkeypatch):
    monkeypatch.chdir(make_model().parent)
    assert find_model("affine.onnx") == Path("affine.onnx")


def test_a_file_of_another_kind_is_there_and_no_model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("text.jpg").write_text("hello")
    with pytest.raises(ModelError, match=r"text\.jpg") as caught:
        Colorizer("text.jpg")
    assert "there is no model" not in str(caught.value)


def test_a_mistyped_name_gets_the_nearest():
    with pytest.raises(ModelError, match=f"there is no model 'rechrma-v1'.*{DEFAULT_MODEL}"):
        find_model("rechrma-v1")


def test_a_name_like_none_gets_them_all():
    with pytest.raises(ModelError) as caught:
        find_model("zzz")
    assert all(name in caught.value.mend for name in MODELS)


@pytest.mark.parametrize("path", ["no/such", "none.onnx", Path("none")])
def test_a_missing_file(path):
    with pytest.raises(ModelError, match="no such model file"):
        find_model(path)
