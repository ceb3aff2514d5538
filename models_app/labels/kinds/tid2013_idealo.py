"""TID2013 as idealo/image-quality-assessment has it: the label is shares of the scores 0 to 9.

The sum of k times share over k = 0..9 is the published score, so that the bins are not AVA's 1 to
10; the shares are those of greatest entropy with the published mean and deviation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from models_app.labels.base import Read, Row, Scale
from models_app.labels.idealo import entries_read
from models_app.labels.reading import from_shares
from models_app.labels.tid import tid_words

SCALE = Scale(0, 9, bins=10, first_bin=0)


class Tid2013Idealo:
    def read(self, path: Path, options: Mapping[str, str]) -> Read:
        return entries_read(path, options, SCALE, _row)


def _row(name: str, shares: Sequence[float], scale: Scale) -> Row:
    reference, words = tid_words(name)
    row = from_shares(name, shares, scale)
    return replace(row, reference=reference, attributes=words)
