"""Kinds of label files. A new one: one file in models_app/labels/kinds and one line below."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import MappingProxyType
from typing import cast

from models_app.distortions.catalogue import gettext_noop
from models_app.labels.base import Importer, LabelsRefused

_ = gettext_noop

PART = {"part": _("train, validation, test or none; else the file’s name tells, as in train.csv")}
# Options that name a file.
FILES = frozenset({"sd_file", "scores_file"})


@dataclass(frozen=True, slots=True)
class Entry:
    key: str
    label: str
    # Which files it wants, for people.
    wants: str
    # Below models_app.labels.kinds.
    path: str
    # Option -> what it says; `part` is every kind's.
    options: Mapping[str, str] = field(default_factory=dict)
    # Files that are read with the label file where they lie beside it.
    beside: tuple[str, ...] = ()
    # False where its labels are a folder, or a list that needs another file.
    alone: bool = True


def registry(*entries: Entry) -> MappingProxyType[str, Entry]:
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.key in found:
            raise ValueError(f"the key {entry.key!r} is registered twice; keys must differ")
        found[entry.key] = entry
    return MappingProxyType(found)


REGISTRY = registry(
    Entry(
        "ava",
        _("AVA: AVA.txt"),
        _("AVA.txt; tags.txt and challenges.txt beside it name tags and challenges"),
        "ava.Ava",
        beside=("tags.txt", "challenges.txt"),
    ),
    Entry(
        "ava_csv",
        _("AVA: table of votes"),
        _("a table of image_id and score1 to score10 (or score2 to score11), or without a header"),
        "ava_csv.AvaCsv",
    ),
    Entry(
        "ava_lists",
        _("AVA: official lists"),
        _("a .jpgl list of image numbers"),
        "ava_lists.AvaLists",
        {"scores_file": _("AVA.txt or a table of AVA, with the scores of the listed images")},
        alone=False,
    ),
    Entry(
        "idealo_ava",
        _("AVA: idealo’s JSON"),
        _("a JSON list of image_id and label, ten counts"),
        "idealo_ava.IdealoAva",
    ),
    Entry(
        "tid2013",
        _("TID2013"),
        _("mos_with_names.txt with mos_std.txt beside it, or IQA-Dataset’s TID2013.txt"),
        "tid2013.Tid2013",
        {"sd_file": _("the file of deviations, where it is not mos_std.txt beside the label file")},
        beside=("mos_std.txt",),
    ),
    Entry(
        "tid2013_idealo",
        _("TID2013: idealo’s JSON"),
        _("a JSON list of image_id and label, shares of the scores 0 to 9"),
        "tid2013_idealo.Tid2013Idealo",
    ),
    Entry("tid2008", "TID2008", _("IQA-Dataset’s TID2008.txt"), "tid2008.Tid2008"),
    Entry(
        "koniq10k",
        "KonIQ-10k",
        _("a table of image_name, c1 to c5, c_total, MOS and perhaps set"),
        "koniq10k.Koniq10k",
        {"score": _("answers: means of the answers, 1 to 5; mos: the published 0 to 100")},
    ),
    Entry(
        "aadb",
        "AADB",
        _("IQA-Dataset’s AADB.txt, a table of image_id, quality, cl1 to cl11, or the list"),
        "aadb.Aadb",
    ),
    Entry(
        "cuhk_pq",
        "CUHK-PQ",
        _("the folder of the photos, with folders high and low in it"),
        "cuhk_pq.CuhkPq",
        alone=False,
    ),
    Entry("tad66k", "TAD66K", _("train.csv or test.csv: image and score"), "tad66k.Tad66k"),
    Entry("spaq", "SPAQ", _("IQA-Dataset’s SPAQ.txt"), "spaq.Spaq"),
    Entry("kadid10k", "KADID-10k", _("IQA-Dataset’s KADID-10k.txt"), "kadid10k.Kadid10k"),
    Entry("csiq", "CSIQ", _("IQA-Dataset’s CSIQ.txt"), "csiq.Csiq"),
    Entry("live", _("LIVE release 2"), _("IQA-Dataset’s LIVE.txt"), "live.Live"),
    Entry(
        "live_challenge",
        _("LIVE In the Wild"),
        _("IQA-Dataset’s LIVE_Challenge.txt"),
        "live_challenge.LiveChallenge",
    ),
    Entry(
        "generic",
        _("Any table"),
        _("a table with a header: image and mean, or image and columns such as b1 to b10"),
        "generic.Generic",
        {
            "low": _("the least score people could give, of a file with means"),
            "high": _("the greatest score people could give, of a file with means"),
            "first_bin": _("the score that the first column of answers counts"),
            "better": _("high or low: which scores are the good ones"),
            "name": _("the column of the image"),
            "mean": _("the column of the mean; columns of answers are then not read"),
            "sd": _("the column of the standard deviation"),
            "votes": _("the column of the number of people"),
            "reference": _("the column of the image that this one is a copy of"),
            "part_column": _("the column that says train, validation or test"),
        },
    ),
)  # fmt: skip


def entry_get(key: str) -> Entry:
    """Return a kind's entry. Raises LabelsRefused, naming the kinds there are."""
    if key not in REGISTRY:
        raise LabelsRefused(f"{key!r} is no kind of label file; allowed are {', '.join(REGISTRY)}.")
    return REGISTRY[key]


def importer_get(key: str) -> Importer:
    """Import a kind and return its importer. Raises LabelsRefused."""
    module, _dot, name = entry_get(key).path.rpartition(".")
    found = getattr(import_module(f"models_app.labels.kinds.{module}"), name)
    return cast("Importer", found())


def kind_label(key: str) -> str:
    """Return a label for a stored key, also for a kind that is no more."""
    return REGISTRY[key].label if key in REGISTRY else key
