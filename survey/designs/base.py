"""A survey's design as data: what another site needs to run the same survey."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from survey.kinds.base import Settings
from survey.services.stimuli import ConditionInfo

# Of the file; a program that does not know a version refuses it.
VERSION = 1


@dataclass(frozen=True, slots=True)
class DesignPhoto:
    """A photo by name; `pixel_sha256` is empty where nobody knows it."""

    name: str
    pixel_sha256: str = ""


@dataclass(frozen=True, slots=True)
class DesignCredit:
    """Whose photo it is, by its name, and under which licence; one of them may be empty."""

    name: str
    credit: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Design:
    slug: str
    title: str
    kind: str
    # Texts are those that people read, never empty for "the default".
    settings: Settings
    # Tells the formulas of the preset from those of another version; empty where unknown.
    formulas: str
    conditions: tuple[ConditionInfo, ...]
    photos: tuple[DesignPhoto, ...]
    # No part of what is compared: a credit may be corrected while people vote.
    credits: tuple[DesignCredit, ...] = ()

    @property
    def content(self) -> dict[str, Any]:
        """All but names and credits; what two designs are compared by."""
        conditions = sorted(self.conditions, key=lambda c: (c.distortion, c.step, c.level))
        return {
            "kind": self.kind,
            "settings": self.settings.to_json(),
            "formulas_sha256": self.formulas,
            "conditions": [asdict(condition) for condition in conditions],
            "photos": [asdict(p) for p in sorted(self.photos, key=lambda photo: photo.name)],
        }

    @property
    def sha256(self) -> str:
        return content_sha256(self.content)

    def chunks(self) -> Iterator[bytes]:
        """Write the file: sorted keys, so that the same design gives the same bytes."""
        document = {
            "proofsheet_design": VERSION,
            "slug": self.slug,
            "title": self.title,
            "sha256": self.sha256,
            "design": self.content,
            "credits": [asdict(credit) for credit in sorted(self.credits, key=lambda c: c.name)],
        }
        yield json.dumps(document, sort_keys=True, ensure_ascii=False, indent=1).encode()
        yield b"\n"


def content_sha256(content: Any) -> str:
    """SHA-256 of the canonical form: sorted keys, no spaces, UTF-8."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
