"""Registries of dotted strings: labels at hand, code imported at first use."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Entry:
    key: str
    label: "str | _StrPromise"
    # Below the package that holds the registry.
    path: str


def registry(*entries: Entry) -> MappingProxyType[str, Entry]:
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.key in found:
            raise ValueError(f"the key {entry.key!r} is registered twice; keys must differ")
        found[entry.key] = entry
    return MappingProxyType(found)
