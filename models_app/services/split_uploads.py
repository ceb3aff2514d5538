"""Uploaded lists of names, kept while somebody puts a refused split right."""

import json
import re
from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone

from models_app.files import file_store
from models_app.splits.base import PARTS, Lists, NameList

FOLDER = "split-lists"
TOKEN = re.compile(r"[0-9a-f]{32}\.json")
# A browser does not fill in files again; whoever was refused corrects the form now, or begins anew.
KEPT = timedelta(days=1)


def lists_keep(lists: Lists) -> str:
    """Store lists for a day; returns their token, an empty one where there are none."""
    if not any(lists.values()):
        return ""
    lists_clean()
    rows = {
        part: [{"file": each.file, "sha256": each.sha256, "names": each.names} for each in found]
        for part, found in lists.items()
    }
    stored = file_store(FOLDER, ".json", json.dumps(rows).encode())
    return stored.rpartition("/")[2]


def lists_open(token: str) -> dict[str, list[NameList]]:
    """Return stored lists by part; every part empty where there are none any more."""
    found: dict[str, list[NameList]] = {part: [] for part in PARTS}
    name = f"{FOLDER}/{token}"
    if not TOKEN.fullmatch(token):
        return found
    try:
        with default_storage.open(name, "rb") as file:
            rows = json.load(file)
    except FileNotFoundError:
        return found
    for part, lists in rows.items():
        found[part] = [NameList(row["file"], row["sha256"], tuple(row["names"])) for row in lists]
    return found


def lists_clean() -> int:
    """Delete lists that are older than a day; returns how many."""
    try:
        _folders, names = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return 0
    before = timezone.now() - KEPT
    old = [
        name
        for name in names
        if TOKEN.fullmatch(name) and default_storage.get_modified_time(f"{FOLDER}/{name}") < before
    ]
    for name in old:
        default_storage.delete(f"{FOLDER}/{name}")
    return len(old)
