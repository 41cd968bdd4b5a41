"""The page in other languages: each has all of the page's words, and nothing else."""

import inspect
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import rechroma
from rechroma.errors import UsageError
from rechroma.mood.grayscale import _refuse_gray
from rechroma.mood.look import check_tones
from rechroma.mood.options import TransferOptions
from rechroma.photo import Photo
from rechroma.web import problems

STATIC = Path(rechroma.__file__).parent / "web" / "static"
LANGUAGES = {path.stem: path for path in sorted((STATIC / "languages").glob("*.json"))}
# Of the document: names, and what is shown without scripts, before there is a language.
UNTRANSLATED = {"Rechroma", "rechroma colorize photo.jpg"}


class Texts(HTMLParser):
    """What a document says, spaces made one, but for what is shown without scripts."""

    def __init__(self):
        super().__init__()
        self.found = set()
        self.hidden = False

    def handle_starttag(self, tag, attrs):
        self.hidden |= tag in ("head", "noscript")
        self.found |= {value for name, value in attrs if name in ("aria-label", "title")}

    def handle_endtag(self, tag):
        self.hidden &= tag not in ("head", "noscript")

    def handle_data(self, data):
        if not self.hidden and data.strip():
            self.found.add(" ".join(data.split()))


def page_texts():
    parser = Texts()
    parser.feed((STATIC / "index.html").read_text(encoding="utf-8"))
    found = parser.found - UNTRANSLATED
    for path in (STATIC / "js").glob("*.js"):
        script = path.read_text(encoding="utf-8")
        calls = re.findall(r'\bt\(\s*("(?:[^"\\]|\\.)*")', script)
        found |= {json.loads(call) for call in calls}
        # Nothing else than a text itself can be looked for.
        rest = re.findall(r"(?<![\w.])t\(\s*[^\"\s)]", script)
        assert not rest or path.name == "text.js", path.name
    return found


def placeholders(text):
    return sorted(re.findall(r"\{\w+\}", text))


def test_the_page_offers_the_languages_that_are_there():
    offered = re.search(r"LANGUAGES = \{(.*?)\}", (STATIC / "js" / "text.js").read_text())[1]
    assert set(re.findall(r"(\w+):", offered)) == {"en", *LANGUAGES}


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_language_is_complete(code):
    words = json.loads(LANGUAGES[code].read_text(encoding="utf-8"))
    assert set(words) == page_texts()
    for text, translated in words.items():
        assert translated.strip() == translated != ""
        assert placeholders(translated) == placeholders(text), text
    # Hardly a word is the same.
    assert sum(text == translated for text, translated in words.items()) < 15


def test_the_page_has_words_for_each_problem_of_the_service():
    """None that it may meet, and none that nobody says."""
    told = {code for _, _, code in problems._STATUS if code} | {problems._UNKNOWN[1]}
    for path in (STATIC.parent).rglob("*.py"):
        told |= set(re.findall(r'\bcode(?:: str)?="([\w-]+)"', path.read_text(encoding="utf-8")))
    told |= set(re.findall(r'code: str = "([\w-]+)"', inspect.getsource(problems.busy)))
    script = (STATIC / "js" / "problems.js").read_text(encoding="utf-8")
    table = re.search(r"PROBLEMS = \{(.*?)\n\};", script, re.S)[1]
    assert set(re.findall(r'^  "?([\w-]+)"?: \(\)', table, re.M)) == told


def test_what_has_no_code_is_known_by_how_it_begins():
    script = (STATIC / "js" / "problems.js").read_text(encoding="utf-8")
    beginnings = [re.compile(each) for each in re.findall(r"\[/(\^.*?)/, ", script)]
    source = Photo(np.full((8, 8, 3), 0.5, np.float32), name="old.jpg")
    keeping = TransferOptions(luminance="keep")
    said = [check_tones([source], TransferOptions())]
    with pytest.raises(UsageError) as kept:
        check_tones([source], keeping)
    with pytest.raises(UsageError) as gray:
        _refuse_gray(source)
    said += [kept.value.what, gray.value.what]
    assert [bool(any(each.search(text) for each in beginnings)) for text in said] == [True] * 3
    assert len(beginnings) == len(said)
