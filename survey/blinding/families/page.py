from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser

from django.utils.translation import gettext as _

from analysis.telltale import Whole
from analysis.telltale_rules import Value
from survey.blinding.base import Shown, Trait, headers_joined


class Page:
    """All that the pair page says while a pair is open: its text by parts, and its headers.

    Nothing is left out as random: CSRF tokens and the date are parts by themselves, and each of
    them must be at chance, too.
    """

    def traits(self, shown: Sequence[Shown]) -> Iterator[Trait]:
        pages = [_Parts(each.trial.page) for each in shown]
        for part in dict.fromkeys(part for page in pages for part in page.said):
            values = [page.said.get(part) for page in pages]
            # Some hundred parts are the same in all pages.
            if len(set(values)) > 1:
                yield Trait(_("HTML: %(part)s") % {"part": part}, Whole(values))
        frames = ["".join(page.frame) for page in pages]
        yield Trait(_("HTML: elements and their order"), Whole(_differing(frames)))
        lengths: list[Value] = [len(each.trial.page) for each in shown]
        yield Trait(_("HTML: length of the page"), Whole(lengths))
        headers = [headers_joined(each.trial.page_headers) for each in shown]
        for name in dict.fromkeys(key for row in headers for key in row):
            values = [row.get(name) for row in headers]
            yield Trait(_("HTML: header %(name)s") % {"name": name}, Whole(values))


def _differing(texts: Sequence[str]) -> list[Value]:
    """Cut off what all texts begin and end with: rules look at the beginning of a long text."""
    begin = _common(texts)
    rest = [text[begin:] for text in texts]
    end = _common([text[::-1] for text in rest])
    return [text[: len(text) - end] for text in rest]


def _common(texts: Sequence[str]) -> int:
    """Count the characters with which all texts begin."""
    # Whatever the first and the last in the alphabet share, those between them have, too.
    first, last = min(texts), max(texts)
    pairs = enumerate(zip(first, last, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(first), len(last)))


class _Parts(HTMLParser):
    """A page taken apart: what its attributes, texts and comments say, and the frame around them.

    A part is named by its element and the element's number among those of its kind.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.numbers: Counter[str] = Counter()
        self.said: dict[str, str] = defaultdict(str)
        self.frame: list[str] = []
        self.inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = self._numbered(tag)
        text = self.get_starttag_text() or ""
        for name, value in attrs:
            self.said[f"{self.inside} {name}"] += value or ""
            text = text.replace(f'="{value}"', '=""')
        self.frame.append(text)

    def handle_endtag(self, tag: str) -> None:
        self.frame.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if data.isspace():
            self.frame.append(data)
        else:
            self.said[_("text in %(element)s") % {"element": self.inside}] += data

    def handle_comment(self, data: str) -> None:
        self.said[self._numbered("comment")] = data

    def handle_decl(self, decl: str) -> None:
        self.frame.append(decl)

    def _numbered(self, kind: str) -> str:
        self.numbers[kind] += 1
        return f"{kind}[{self.numbers[kind]}]"
