"""What a study's jobs left, as numbers and files: the report, and the archive of all of it."""

import csv
import io
import json
import shlex
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from models_app.errors import JobConflict, JobError
from models_app.findings import agreement
from models_app.findings.study_shown import figure_title, report_shown
from models_app.jobs import words
from models_app.models import Evaluation, Study
from models_app.selectors import studies as selectors
from models_app.services import evaluations
from models_app.studies.base import FINETUNE, REPORT, TEST, arm_read
from models_app.studies.marks import marks_of
from models_app.studies.report import tables
from models_app.studies.report.inputs import Images, Inputs, Judged

NUMBERS, ARCHIVE, PAGE = "numbers.json", "study.zip", "report.html"
# A zip of the same numbers is the same file.
_DATE = (1980, 1, 1, 0, 0, 0)


def study_marks(study: Study) -> list[str]:
    """Return the sentences that everything of a study shows, in the language of whoever looks.

    A study is a check of the plumbing too where its photos or weights came of drawn images.
    """
    return [_(mark) for mark in marks_of(study.config, is_generated=study.is_generated)]


def inputs_collect(study: Study) -> Inputs:
    """Read what the study's networks predicted; five queries and a file an evaluation.

    Raises JobError where predictions are gone or damaged.
    """
    found: dict[str, dict[str, Evaluation]] = {"test": {}, "zero-shot": {}}
    for key, evaluation in selectors.evaluations_of(study).items():
        found[key.rpartition("/")[2]][key] = evaluation
    tuned = selectors.results_of(study, FINETUNE)
    lengths = {arm: result for key, result in tuned.items() if (arm := arm_read(key))}
    return Inputs(
        test=_images(found[TEST]),
        zero_shot=_images(found["zero-shot"]),
        epochs={arm: result["epochs"] for arm, result in lengths.items() if "epochs" in result},
        best={
            arm: result["best_epoch"] for arm, result in lengths.items() if "best_epoch" in result
        },
        capped=frozenset(
            arm for arm, result in lengths.items() if result.get("stopped_early") is False
        ),
        learnt={
            arm: result["parts"]
            for arm, result in lengths.items()
            # Jobs of earlier versions did not say.
            if isinstance(result.get("parts"), str)
        },
        missing=[
            {"key": row.part.key, "state": row.state, "why": _why(row)}
            for row in selectors.parts_shown(study)
            if row.part.kind != REPORT and row.state != "succeeded"
        ],
    )


def generated_find(study: Study) -> bool:
    """Whether drawn images had a part in anything that was evaluated."""
    return study.is_generated or any(
        agreement.is_generated(each.checkpoint, each.label_set)
        for each in selectors.evaluations_of(study).values()
    )


def parts_csv(study: Study) -> str:
    """Return a line a part: which job, how it ended, what it cost, what it was told."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["part", "kind", "state", "job", "reused", "seconds", "config", "remark"])
    remark = " ".join(study_marks(study))
    for row in selectors.parts_shown(study):
        job = row.job
        writer.writerow(
            [
                row.part.key,
                row.part.kind,
                row.state,
                job.pk if job else "",
                int(row.part.is_reused),
                f"{job.worked_s:.1f}" if job else "",
                json.dumps(job.config if job else row.part.config, sort_keys=True),
                remark,
            ]
        )
    return out.getvalue()


def files_make(study: Study, numbers: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the tables, the figures, the configurations and the page, by name of the file."""
    # Drawing takes matplotlib, which pages do without.
    from models_app.studies.report.drawing import figures_draw

    drawn = figures_draw(numbers)
    files = {
        NUMBERS: json.dumps(numbers, indent=1, allow_nan=False).encode(),
        "study.json": json.dumps(study.config, indent=1, ensure_ascii=False).encode(),
        "table2.csv": tables.table_csv(numbers).encode(),
        "table2.tex": tables.table_latex(numbers).encode(),
        "comparisons.csv": tables.comparisons_csv(numbers).encode(),
        "parts.csv": parts_csv(study).encode(),
    }
    if len(study.config["shares"]) > 1:
        files["label_saving.csv"] = tables.savings_csv(numbers).encode()
    for name, figure in drawn.items():
        files |= {f"{name}.svg": figure.svg, f"{name}.png": figure.png}
    files[PAGE] = _page(study, numbers, {name: each.svg.decode() for name, each in drawn.items()})
    return files


def archive_make(files: Mapping[str, bytes]) -> bytes:
    """Return one zip of all files; the same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, _DATE), files[name], zipfile.ZIP_DEFLATED)
    return out.getvalue()


def command_of(study: Study) -> str:
    """Return the command that asks the same question again."""
    name = shlex.quote(f"{study.name} again")
    return f"python manage.py run_study study.json --name {name} --fresh"


def _page(study: Study, numbers: Mapping[str, Any], figures: Mapping[str, str]) -> bytes:
    """Return the report as one file that needs no other."""
    context = {
        "study": study,
        "marks": study_marks(study),
        "report": report_shown(numbers),
        # Drawn by this program from numbers; whatever names are in them is escaped text in SVG.
        "figures": [
            {"title": figure_title(name), "svg": svg[svg.index("<svg") :]}
            for name, svg in figures.items()
        ],
        "config": json.dumps(study.config, indent=1, ensure_ascii=False),
        "parts": selectors.parts_shown(study),
        "command": command_of(study),
    }
    return render_to_string("studies/report.html", context).encode()


def _images(found: Mapping[str, Evaluation]) -> Images | None:
    """Put one column's evaluations together."""
    judged = {}
    for key, evaluation in found.items():
        arm = arm_read(key)
        if arm is not None:
            judged[arm] = _judged(evaluation)
    if not judged:
        return None
    one = next(iter(found.values()))
    return Images(_about(one), one.metrics["threshold"], one.metrics["rule"], judged)


def _about(one: Evaluation) -> dict[str, Any]:
    scale = evaluations.Scale.of(one.label_set)
    return {
        "label_set": one.label_set.name,
        "is_generated": one.label_set.is_generated,
        "split": one.split.name if one.split else "",
        "split_sha256": one.split_sha256,
        "part": one.part,
        "scale": [scale.low, scale.high],
        # Predictions from 1 to 10 were put on the labels' scale, ends on ends.
        "mapped": not scale.is_ours,
    }


def _judged(evaluation: Evaluation) -> Judged:
    try:
        found = evaluations.predictions_of(evaluation)
    except JobConflict as error:
        raise JobError(str(error)) from error
    return Judged(found.names, found.truth, found.mapped, found.references)


def _why(row: selectors.PartRow) -> str:
    if row.part.error:
        return row.part.error
    if row.job is not None:
        return row.job.error or words.state_label(row.job)
    return _("what it waits for did not succeed")


def names_shown(files: Iterable[str]) -> list[str]:
    """Return names of files in the order in which a page offers them."""
    first = [ARCHIVE, PAGE, "table2.csv", "table2.tex", "comparisons.csv", "label_saving.csv"]
    names = set(files)
    known = [name for name in first if name in names]
    return known + sorted(names - set(known))
