"""Tables of credits: whose photo each is, and under which licence."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from models_app.errors import DatasetError
from models_app.importing.names import folded

BYTES_MOST = 10_000_000
# Names of a column, in lower case; both spellings of the licence.
HEADERS = {
    "photo": ("photo", "file", "file name", "filename", "file_name", "image", "name"),
    "credit": ("credit", "credits", "author", "photographer", "attribution", "creator"),
    "licence": ("licence", "license"),
    "source_url": ("source", "source url", "source_url", "url", "link"),
}
LONGEST = {"photo": 500, "credit": 255, "licence": 255, "source_url": 500}
# What our own tables put before a text that a spreadsheet would take for a formula.
FORMULAS = ("'=", "'+", "'-", "'@", "'\t", "'\r")
# Mistakes that one answer names.
NAMED = 8


@dataclass(frozen=True, slots=True)
class Credit:
    credit: str = ""
    licence: str = ""
    # http or https.
    source_url: str = ""

    def filled(self, other: "Credit") -> "Credit":
        """Return this with the other's texts where it has none."""
        return Credit(
            self.credit or other.credit,
            self.licence or other.licence,
            self.source_url or other.source_url,
        )


@dataclass(frozen=True, slots=True)
class Row:
    # As the table has it.
    name: str
    number: int
    credit: Credit


# Folded name or path of a photo -> its row.
Table = Mapping[str, Row]


@dataclass(frozen=True, slots=True)
class Matched:
    """Credits of photos by their paths, and the rows that none of them has."""

    by_path: Mapping[str, Credit] = field(default_factory=dict)
    unused: Sequence[str] = ()
    # A row's name is the end of several photos' paths: it does not say which one it means.
    ambiguous: Sequence[str] = ()


class CreditsRefused(DatasetError):
    """A table that is not taken: a sentence a mistake, naming row and column."""

    def __init__(self, problems: Sequence[str]) -> None:
        shown = list(problems[:NAMED])
        if len(problems) > NAMED:
            shown.append(_("And %(n)d more.") % {"n": len(problems) - NAMED})
        super().__init__(" ".join(shown))


def credits_read(content: bytes) -> Table:
    """Read a CSV with a header; commas, semicolons or tabs. Raises CreditsRefused."""
    if len(content) > BYTES_MOST:
        raise CreditsRefused(
            [
                _("The table of credits has %(size).1f MB; allowed are %(most)d MB: divide it.")
                % {"size": len(content) / 1e6, "most": BYTES_MOST // 1_000_000}
            ]
        )
    rows = _rows(content)
    columns = _columns(next(rows, (0, []))[1])
    table: dict[str, Row] = {}
    problems: list[str] = []
    for number, cells in rows:
        row = _row(number, cells, columns, problems)
        if row is None:
            continue
        first = table.setdefault(folded(row.name), row)
        if first.credit != row.credit:
            said = _("%(name)r stands in row %(n)d already, with another credit.")
            problems.append(_cell(number, "photo", said % {"name": row.name, "n": first.number}))
    if problems:
        raise CreditsRefused(problems)
    if not table:
        raise CreditsRefused([_("The table of credits names no photo; give one a row.")])
    return table


def credits_match(table: Table, paths: Sequence[str]) -> Matched:
    """Find each photo's row: the one that has most of the end of its path, or its whole path."""
    users: dict[str, list[str]] = {}
    for path in paths:
        for end in _ends(path):
            if end in table:
                users.setdefault(end, []).append(path)
                break
    return Matched(
        {who[0]: table[end].credit for end, who in users.items() if len(who) == 1},
        sorted(row.name for end, row in table.items() if end not in users),
        sorted(table[end].name for end, who in users.items() if len(who) > 1),
    )


def _ends(path: str) -> Iterator[str]:
    parts = PurePosixPath(folded(path)).parts
    return ("/".join(parts[start:]) for start in range(len(parts)))


def _rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield (row as a spreadsheet counts it, cells), empty rows left out."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CreditsRefused(
            [_("The table of credits is no UTF-8 text; save it as “CSV UTF-8”.")]
        ) from None
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise CreditsRefused(
            [_("The table of credits cannot be read as CSV (%(error)s).") % {"error": error}]
        ) from error


def _columns(header: Sequence[str]) -> dict[str, int]:
    """Return where each column stands. Raises CreditsRefused."""
    names = [cell.strip().lower() for cell in header]
    found: dict[str, int] = {}
    for key, spellings in HEADERS.items():
        places = [place for place, name in enumerate(names) if name in spellings]
        if len(places) > 1:
            raise CreditsRefused(
                [
                    _("The table of credits has two columns of the %(what)s: %(names)s; keep one.")
                    % {"what": key, "names": ", ".join(header[place] for place in places)}
                ]
            )
        if places:
            found[key] = places[0]
    if "photo" not in found or not found.keys() & {"credit", "licence"}:
        raise CreditsRefused(
            [
                _(
                    "The first row of the table of credits is %(header)s; it must name a column "
                    "photo, and credit or licence or both (source may be added)."
                )
                % {"header": ", ".join(header)[:200] or "—"}
            ]
        )
    return found


def _row(
    number: int, cells: Sequence[str], columns: Mapping[str, int], problems: list[str]
) -> Row | None:
    texts = dict.fromkeys(HEADERS, "")
    for key, place in columns.items():
        text = cells[place].strip() if place < len(cells) else ""
        if text.startswith(FORMULAS):
            text = text[1:]
        texts[key] = text.replace("\\", "/") if key == "photo" else " ".join(text.split())
        if problem := _problem(key, texts[key]):
            problems.append(_cell(number, key, problem))
            return None
    name = texts.pop("photo").removeprefix("./")
    if not name:
        problems.append(_cell(number, "photo", _("it is empty; name the file.")))
        return None
    return Row(name, number, Credit(**texts))


def _problem(key: str, text: str) -> str:
    if len(text) > LONGEST[key]:
        return _("it has %(n)d letters; allowed are %(most)d.") % {
            "n": len(text),
            "most": LONGEST[key],
        }
    if not text.isprintable():
        return _("it has letters that cannot be shown; write it anew.")
    if key == "source_url" and text and not is_address(text):
        return _("%(text)r is no address; it must begin with https:// or http://.") % {
            "text": text[:80]
        }
    return ""


def is_address(text: str) -> bool:
    """Whether a page may link to it: a browser would run other schemes."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _cell(number: int, column: str, said: str) -> str:
    return _("Row %(number)d, column %(column)s: %(said)s") % {
        "number": number,
        "column": column,
        "said": said,
    }
