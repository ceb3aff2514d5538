"""Backups that somebody has changed."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"


def read(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def changed(files: dict[str, bytes], changes: dict[str, Any]) -> dict[str, bytes]:
    """Other bytes of a file, or other values of the manifest; a new file is put into it as well."""
    files = dict(files)
    manifest = json.loads(files[MANIFEST])
    for name, change in changes.items():
        if name == MANIFEST:
            manifest |= change
            continue
        if name not in files:
            digest = hashlib.sha256(change).hexdigest()
            manifest["media"].append({"name": name, "size": len(change), "sha256": digest})
        files[name] = change
    return {**files, MANIFEST: json.dumps(manifest).encode()}
