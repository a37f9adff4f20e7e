"""The page's words: the same keys and places for values in both languages, none unknown."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "dashboard"
PLACE = re.compile(r"\{(\w+)\}")


def need_node() -> None:
    """Leave a test out where there is no Node, but never where the browser's tests must run."""
    if shutil.which("node") is None:
        reason = "NODE TESTS LEFT OUT: no node found"
        if os.environ.get("AUTOMONEY_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


def node(script: str) -> str:
    """What a script prints; it may import the page's modules by `./`."""
    need_node()
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script],
        cwd=PAGE,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def words(language: str) -> dict[str, str]:
    # the page's own modules are modules to a browser; to Node they are so by this copy's name
    source = (PAGE / "i18n" / f"{language}.js").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(node(f"{source}\nconsole.log(JSON.stringify({language}))"))
    return found


def test_both_languages_have_the_same_keys_and_places() -> None:
    english, chinese = words("en"), words("zh")

    assert list(english) == list(chinese)
    for key, text in english.items():
        assert set(PLACE.findall(text)) == set(PLACE.findall(chinese[key])), key


def test_no_key_is_unknown_and_none_unused() -> None:
    known = set(words("en"))
    sources = "\n".join(
        file.read_text(encoding="utf-8")
        for file in [*PAGE.rglob("*.js"), PAGE / "index.html"]
        if file.parent.name != "i18n" or file.name == "index.js"
    )
    asked = set(re.findall(r'\bt\("([^"]+)"', sources))
    asked |= set(re.findall(r'data-t(?:-label)?="([^"]+)"', sources))
    assert asked - known == set()

    made = "series agent name source signal health state world theme kill why chart.kind chat.try"
    prefixes = tuple(f"{one}." for one in made.split())
    quoted = set(re.findall(r'"([\w.]+)"', sources))
    assert {key for key in known - asked - quoted if not key.startswith(prefixes)} == set()
