"""The form of a split: the options of one rule, and files of names."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_type_hints

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from models_app.dashboard.forms import PREFIX, Shown
from models_app.jobs.config import Choices, Described, Option
from models_app.jobs.typed import option_read, option_write
from models_app.services.split_uploads import lists_open
from models_app.splits.base import PARTS, NameList, SplitRefused
from models_app.splits.config import SplitConfig, options_of
from models_app.splits.listing import list_read
from models_app.splits.registry import Entry, entry_get
from models_app.training.settings import Setting, settings_of

# All of AVA's ids have 2 MB.
LIST_MOST = 20_000_000
# Of all parts together.
FILES_MOST = 20
LISTS_MOST = FILES_MOST * LIST_MOST


class SplitForm:
    """What was asked for, or the defaults, and what is wrong with it."""

    def __init__(self, rule: str, posted: QueryDict | None = None) -> None:
        """Raises SplitRefused for an unknown rule."""
        self.entry: Entry = entry_get(rule)
        self.name = posted.get("name", "").strip() if posted is not None else ""
        self.errors: dict[str, str] = {}
        # What is wrong with no option in particular.
        self.error = ""
        self.values = self._read(posted) if posted is not None else {}
        # Names by part, of files that were sent with it or before.
        self.lists: dict[str, list[NameList]] = {}

    @property
    def options(self) -> list[Described]:
        hints, known = get_type_hints(SplitConfig), settings_of(SplitConfig)
        defaults = {each.name: each.default for each in fields(SplitConfig)}
        return [
            Described(name, hints[name], defaults[name], False, _option(known[name]))
            for name in options_of(self.entry.key)
        ]

    @property
    def shown(self) -> list[Shown]:
        return [
            Shown(
                each,
                option_write(self.values.get(each.name, each.default)),
                self.errors.get(each.name, ""),
            )
            for each in self.options
        ]

    @property
    def files(self) -> list[tuple[str, str, list[NameList]]]:
        """Parts that may be given files, what these are called, and which there are already."""
        if not self.entry.takes_lists:
            return []
        return [(part, label, self.lists.get(part, [])) for part, label in list_words().items()]

    def refuse(self, error: SplitRefused) -> None:
        if error.field in {"name", *options_of(self.entry.key)}:
            self.errors[error.field] = str(error)
        else:
            self.error = str(error)

    def _read(self, posted: QueryDict) -> dict[str, object]:
        found: dict[str, object] = {}
        for each in self.options:
            text = posted.get(f"{PREFIX}{each.name}", "")
            # An empty field is one that was not given; an empty box is a no.
            if text.strip() or each.kind is bool:
                found[each.name] = option_read(each, text)
        return found


def lists_read(files: "MultiValueDict[str, UploadedFile[bytes]]") -> dict[str, list[NameList]]:
    """Read the uploaded files of names, of the parts that have any. Raises SplitRefused."""
    n = sum(len(files.getlist(part)) for part in PARTS)
    if n > FILES_MOST:
        raise SplitRefused(
            _("There are %(n)d files of names; allowed are %(most)d: put some into one.")
            % {"n": n, "most": FILES_MOST}
        )
    return {
        part: [_list_read(file) for file in files.getlist(part)]
        for part in PARTS
        if files.getlist(part)
    }


def lists_kept(posted: QueryDict) -> dict[str, list[NameList]]:
    """Return the lists of an earlier try, without those that are to be forgotten."""
    forgotten = posted.getlist("forget")
    kept = lists_open(posted.get("lists", ""))
    return {part: found for part, found in kept.items() if found and part not in forgotten}


def list_words() -> dict[str, str]:
    """Return what the lists of parts are called."""
    return {
        "train": _("Names of images that train"),
        "validation": _("Names of images that validate"),
        "test": _("Names of images that test"),
    }


def part_words() -> dict[str, str]:
    """Return what parts are called."""
    return {"train": _("Train"), "validation": _("Validation"), "test": _("Test")}


def kind_words() -> dict[str, str]:
    """Return what kinds of leaks are called."""
    return {
        "same_id": _("same id"),
        "same_content": _("same pixels"),
        "same_reference": _("same reference"),
        "near_duplicate": _("near-duplicate"),
    }


def _list_read(file: "UploadedFile[bytes]") -> NameList:
    name = Path(file.name or "").name[-80:]
    if file.size is None or file.size > LIST_MOST:
        raise SplitRefused(
            _("%(name)s has more than %(most)d MB; give a file of image names, one a line.")
            % {"name": name, "most": LIST_MOST // 1_000_000}
        )
    with TemporaryDirectory(prefix="proofsheet-") as folder:
        path = Path(folder) / "list"
        with path.open("wb") as target:
            target.writelines(file.chunks())
        return list_read(path, name)


def _option(known: Setting) -> Option:
    choices = known.choices
    return Option(
        _(known.label), _(known.help), known.low, known.high,
        choices=_fixed(choices) if choices else None,
    )  # fmt: skip


def _fixed(choices: Mapping[str, str]) -> Choices:
    return lambda: [(value, _(label)) for value, label in choices.items()]
