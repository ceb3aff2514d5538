"""The list of what leaks, for a spreadsheet and for the page that refused a split."""

import csv
import io
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import IO

from django.core.files.storage import default_storage
from django.utils import timezone

from models_app.files import file_store
from models_app.splits.leakage import Leak
from survey.exports import cell

COLUMNS = ("kind", "image", "part", "same_as", "part_of_it", "bits", "others")
FOLDER = "split-leaks"
TOKEN = re.compile(r"[0-9a-f]{32}\.csv")
# Whoever was refused downloads the list now, or asks for the split again.
KEPT = timedelta(days=1)


def leaks_csv(leaks: Iterable[Leak]) -> str:
    """Return a row a leak; bits are empty where hashes were not compared."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for leak in leaks:
        writer.writerow(
            [leak.kind, cell(leak.a, "text"), leak.part_a, cell(leak.b, "text"), leak.part_b,
             cell(leak.bits, "whole"), leak.others]
        )  # fmt: skip
    return text.getvalue()


def leaks_keep(leaks: Iterable[Leak]) -> str:
    """Store the list for a day; returns its token."""
    leaks_clean()
    stored = file_store(FOLDER, ".csv", leaks_csv(leaks).encode())
    return stored.rpartition("/")[2]


def leaks_open(token: str) -> IO[bytes] | None:
    """Return a stored list, None where there is none any more."""
    name = f"{FOLDER}/{token}"
    if not TOKEN.fullmatch(token) or not default_storage.exists(name):
        return None
    return default_storage.open(name)


def leaks_clean() -> int:
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
