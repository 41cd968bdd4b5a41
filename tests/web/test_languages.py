"""The page in other languages: each has all of the page's words, and nothing else."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import rechroma

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
