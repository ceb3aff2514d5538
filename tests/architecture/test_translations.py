"""Translations: compiled as they are written, placeholders kept, participants' pages complete."""

import re
from pathlib import Path

import polib
import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = sorted(path.name for path in (ROOT / "locale").iterdir())
# What a participant may see is translated as a whole or not offered at all.
COMPLETE = ("templates/survey/", "templates/base.html", "templates/_languages.html",
            "survey/texts.py", "survey/web/", "survey/services/")  # fmt: skip
PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]|%[sd]|\{(\w*)\}")
TAG = re.compile(r"</?[a-z]+")


def catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.po"))


def texts(entry: polib.POEntry) -> list[tuple[str, str]]:
    """Pairs of source and translation, one for each plural form."""
    if not entry.msgid_plural:
        return [(entry.msgid, entry.msgstr)]
    return [
        (entry.msgid_plural, text) for _form, text in sorted(entry.msgstr_plural.items()) if text
    ]


def test_every_language_that_is_offered_has_a_catalogue():
    offered = {code for code, _name in settings.LANGUAGES} - {"en"}
    assert {name.replace("_", "-").lower() for name in LANGUAGES} == offered


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_the_written_one(language: str):
    written = catalogue(language)
    compiled = polib.mofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.mo"))
    usable = [entry for entry in written if entry.translated() and not entry.obsolete]
    said = {(e.msgctxt, e.msgid): (e.msgstr, e.msgstr_plural) for e in compiled}
    assert {(e.msgctxt, e.msgid): (e.msgstr, e.msgstr_plural) for e in usable} == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_and_tags_survive(language: str):
    for entry in catalogue(language):
        for source, text in texts(entry):
            if not text or entry.obsolete:
                continue
            # A singular form may leave its number out.
            wanted, found = set(PLACEHOLDER.findall(source)), set(PLACEHOLDER.findall(text))
            assert found == wanted or (entry.msgid_plural and found <= wanted), (source, text)
            assert sorted(TAG.findall(source)) == sorted(TAG.findall(text)), (source, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_participants_see_is_complete(language: str):
    missing = [
        entry.msgid
        for entry in catalogue(language)
        if any(place.startswith(COMPLETE) for place, _line in entry.occurrences)
        and (not entry.translated() or entry.fuzzy)
        and not entry.obsolete
    ]
    assert missing == []
