"""What an import found: counts, and every name behind them."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from models_app.labels.base import Problem, Read, Scale

# Names a kind of finding that the row of a label set keeps; the counts are always whole.
KEPT = 10_000
OF_IMAGES = ("missing", "unreadable", "ambiguous", "same_picture", "unlabelled")
"""Kinds of findings that there are only where images were looked for."""
FINDINGS = (*OF_IMAGES, "duplicates", "out_of_range", "malformed", "unscored")
HEADER = ("finding", "line", "name", "reason")


@dataclass(slots=True)
class Report:
    """Rows of a label file, and what became of the images that it names.

    Every finding is a list of problems; `line` is 0 where there is none to name.
    """

    kind: str
    name: str
    # The label file's name; several with commas.
    source: str
    scale: Scale
    rows: int
    # Rows by part; those without one under "".
    parts: Mapping[str, int]
    # Whether images were looked for.
    images: bool = False
    # Rows whose image is at hand.
    found: int = 0
    # Images of the folder that no row names.
    unlabelled: list[Problem] = field(default_factory=list)
    # No image has the name.
    missing: list[Problem] = field(default_factory=list)
    # The image is there and cannot be decoded, or is not taken.
    unreadable: list[Problem] = field(default_factory=list)
    # More than one image has the name.
    ambiguous: list[Problem] = field(default_factory=list)
    # Shows the very pixels of another row's image; both rows stay.
    same_picture: list[Problem] = field(default_factory=list)
    duplicates: list[Problem] = field(default_factory=list)
    out_of_range: list[Problem] = field(default_factory=list)
    malformed: list[Problem] = field(default_factory=list)
    # Named by a list without a score.
    unscored: list[Problem] = field(default_factory=list)
    # Columns of the file that nothing was taken from.
    unused: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Return rows, found, and the number of every finding."""
        found = {"rows": self.rows, "found": self.found}
        return found | {key: len(getattr(self, key)) for key in FINDINGS}

    def as_json(self, *, most: int | None = None) -> dict[str, Any]:
        """Return all of it as JSON values; at most so many names a kind of finding."""
        return {
            "kind": self.kind,
            "name": self.name,
            "source": self.source,
            "scale": asdict(self.scale),
            "images": self.images,
            "parts": dict(self.parts),
            "unused": self.unused,
            "counts": self.counts(),
            "names": {
                key: [asdict(problem) for problem in getattr(self, key)[:most]]
                for key in FINDINGS
                if getattr(self, key)
            },
        }

    def table(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield every finding: its kind, line, name and reason, as `HEADER` says."""
        for key in FINDINGS:
            for problem in getattr(self, key):
                yield key, str(problem.line or ""), problem.name, problem.reason


def report_of(read: Read, *, kind: str, name: str, source: str) -> Report:
    """Return the report of a label file whose images nobody looked for yet."""
    parts: dict[str, int] = {}
    for row in read.rows:
        parts[row.part] = parts.get(row.part, 0) + 1
    return Report(
        kind,
        name,
        source,
        read.scale,
        len(read.rows),
        dict(sorted(parts.items())),
        duplicates=read.duplicates,
        out_of_range=read.out_of_range,
        malformed=read.malformed,
        unscored=[Problem(0, each, "the list gives it without a score") for each in read.unscored],
        unused=read.unused,
    )
