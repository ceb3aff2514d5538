"""The configurations that come with the program: one click starts them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

PATTERN = "study-*.json"


@dataclass(frozen=True, slots=True)
class Shipped:
    # Of the file, without its suffix: what a page sends back.
    key: str
    raw: dict[str, Any]

    @property
    def path(self) -> str:
        """Return the file as a command names it, from the program's folder."""
        return f"bench/configs/{self.key}.json"


def shipped_all() -> list[Shipped]:
    """Return them by name of the file."""
    return [
        Shipped(path.stem, json.loads(path.read_bytes()))
        for path in sorted(_folder().glob(PATTERN))
    ]


def shipped_get(key: str) -> Shipped | None:
    return next((each for each in shipped_all() if each.key == key), None)


def _folder() -> Path:
    return Path(settings.BASE_DIR) / "bench" / "configs"
