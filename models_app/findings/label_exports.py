"""Label sets as files: one row a label, one row a finding of the import."""

import csv
import json
from collections.abc import Iterator

from models_app.findings.marks import REMARK, labels_remark
from models_app.labels.report import FINDINGS, HEADER
from models_app.models import LabelSet
from models_app.selectors import labels as selectors
from survey.exports import cell


class _Echo:
    def write(self, text: str, /) -> str:
        return text


def labels_csv(label_set: LabelSet) -> Iterator[str]:
    """Yield a set's lines in the order of names; shares of answers as b0, b1, ... by score.

    The general importer reads it again: columns of answers where there are any, else the mean.
    """
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    bins = [f"b{label_set.first_bin + place}" for place in range(label_set.bins)]
    columns = ["image", "mean", "sd", "votes", "reference", "set", "photo", "attributes", *bins,
               REMARK]  # fmt: skip
    yield writer.writerow(columns)
    remark = labels_remark(label_set)
    for label in selectors.labels_of(label_set):
        yield writer.writerow(
            [
                cell(label.name, "text"),
                repr(label.mean),
                "" if label.sd is None else repr(label.sd),
                "" if label.votes is None else label.votes,
                cell(label.reference, "text"),
                label.part,
                cell(label.photo.name if label.photo else "", "text"),
                json.dumps(label.attributes, ensure_ascii=False) if label.attributes else "",
                *(repr(share) for share in label.distribution or [""] * label_set.bins),
                remark,
            ]
        )


def findings_csv(label_set: LabelSet) -> Iterator[str]:
    """Yield every finding of an import; missing images, which may be many, from the labels."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield writer.writerow(HEADER)
    names = label_set.report.get("names", {})
    for key in FINDINGS:
        kept = names.get(key, [])
        if key == "missing" and label_set.report["counts"][key] > len(kept):
            kept = _missing(label_set)
        for each in kept:
            line = each["line"] or ""
            yield writer.writerow([key, line, cell(each["name"], "text"), each["reason"]])


def _missing(label_set: LabelSet) -> Iterator[dict[str, object]]:
    names = label_set.report["names"]
    others = {each["name"] for key in ("unreadable", "ambiguous") for each in names.get(key, [])}
    reason = names["missing"][0]["reason"]
    for name in selectors.names_unseen(label_set):
        if name not in others:
            yield {"line": 0, "name": name, "reason": reason}
