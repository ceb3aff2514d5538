"""How close each distortion comes to the original programs: figures measured by `make parity`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("parity.json")


@dataclass(frozen=True, slots=True)
class Parity:
    """Error of one distortion, over all its levels and some photos.

    Attributes
    ----------
    against
        What it was compared with: renders of the original program as they are; motion blur at
        the angle that their pixels tell; noise by its distribution.
    pictures
        How many variants were compared.
    mean
        Mean absolute error in 8-bit levels; of noise the largest difference of mean or spread.
    largest
        Largest absolute error in 8-bit levels; 0 for noise.
    """

    against: str
    pictures: int
    mean: float
    largest: int


@lru_cache(maxsize=1)
def parity_read() -> Mapping[str, Parity]:
    """Return the committed figures by distortion key, of the preset `pfister2021`."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return {key: Parity(**figures) for key, figures in found["distortions"].items()}
