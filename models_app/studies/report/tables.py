"""A report's tables as CSV and LaTeX; each carries the study's marks."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from models_app.studies.initialisations import INITIALISATIONS
from models_app.studies.paper import ON, SOURCE
from models_app.studies.report.cells import cell_key, rows_of
from models_app.training.settings import gettext_noop

Numbers = Mapping[str, Any]
COLUMNS = {"test": ("lcc", "srcc", "accuracy", "mae"), "zero_shot": ("lcc", "srcc", "mae")}
"""Of Table 2."""

HEADS = {"lcc": "LCC", "srcc": "SRCC", "accuracy": "ACC", "mae": "MAE"}
ONE_PRETRAINING = gettext_noop(" of fine-tuning, all on one pretraining")
_ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip
# What a spreadsheet takes for a formula.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def table_csv(numbers: Numbers) -> str:
    """Return a line a row: what began, metrics with intervals, epochs, the paper's values."""
    head = ["initialisation", "trainable", "share", "seeds"]
    for name, metrics in COLUMNS.items():
        for metric in (*metrics, "mae_linear"):
            head += [f"{name}_{metric}{end}" for end in ("", "_low", "_high", "_sd")]
        head.append(f"{name}_mark")
    head += ["epochs", "epochs_sd", "fewer_epochs", "fewer_epochs_bound", "seeds_out_of_epochs"]
    head += [f"paper_{name}_{metric}" for name, every in COLUMNS.items() for metric in every]
    head += ["paper_test_dagger", "paper_zero_shot_dagger", "paper_epochs"]
    return _csv(head, (_table_line(row) for row in rows_of(numbers)), numbers)


def comparisons_csv(numbers: Numbers) -> str:
    """Return a line a test: p, adjusted p, effect sizes, differences with intervals."""
    head = ["images", "initialisation", "trainable", "share", "against", "against_trainable",
            "against_share", "p", "bonferroni", "holm", "significant", "alpha", "rule", "family",
            "statistic", "n", "tested", "n_zero", "method", "mae_gain", "rank_biserial",
            "d_z"]  # fmt: skip
    metrics = ("lcc", "srcc", "accuracy", "mae", "mae_linear")
    head += [f"{metric}{end}" for metric in metrics for end in ("", "_low", "_high")]
    lines = []
    for name in COLUMNS:
        for row in (numbers[name] or {}).get("comparisons", ()):
            cell, against, effects = row["cell"], row["against"], row["effects"]
            line = [name, *cell_key(cell), *cell_key(against)]
            line += [row[key] for key in head[7:19]]
            line += [effects[key] for key in ("mae_gain", "rank_biserial", "d_z")]
            for metric in metrics:
                line += [row["differences"][metric][end] for end in ("value", "low", "high")]
            lines.append(line)
    return _csv(head, lines, numbers)


def savings_csv(numbers: Numbers) -> str:
    """Return a line an initialisation and metric: the share of labels that is enough."""
    head = ["images", "initialisation", "metric", "share", "low", "high", "saving", "never",
            "resamples", "left_out", "method", "undefined"]  # fmt: skip
    lines = []
    for name in COLUMNS:
        for row in (numbers[name] or {}).get("savings", ()):
            if "undefined" in row:
                blank = [""] * 8
                lines.append([name, row["initialisation"], row["metric"], *blank, row["undefined"]])
                continue
            ends = [row[end]["text"] for end in ("reached", "low", "high")]
            rest = [row[key] for key in ("saving", "never", "n", "left_out", "method")]
            lines.append([name, row["initialisation"], row["metric"], *ends, *rest, ""])
    return _csv(head, lines, numbers)


def table_latex(numbers: Numbers) -> str:
    """Return Table 2 for a paper (package booktabs); printed values stand in grey below ours."""
    names = [name for name in COLUMNS if numbers[name]]
    spec = "l" + "".join("r" * len(COLUMNS[name]) for name in names) + "r"
    spans = [f"& \\multicolumn{{{len(COLUMNS[name])}}}{{c}}{{{_said(numbers[name])}}}"
             for name in names]  # fmt: skip
    heads = [HEADS[metric] for name in names for metric in COLUMNS[name]]
    lines = [r"% \usepackage{booktabs,xcolor}", r"\begin{table}", r"\centering",
             f"\\caption{{{_caption(numbers)}}}", f"\\begin{{tabular}}{{{spec}}}", r"\toprule",
             " ".join(["Initialisation", *spans]) + r" & Epochs \\",
             " & ".join(["", *heads, ""]) + r" \\", r"\midrule"]  # fmt: skip
    for row in rows_of(numbers):
        lines += _latex_rows(row, names)
    lines += [r"\bottomrule", r"\end{tabular}", r"\end{table}", ""]
    return "\n".join(lines)


def figure_text(value: float | None, metric: str = "") -> str:
    """Return a number as Table 2 prints it: four digits, none before the point below 1."""
    if value is None:
        return "–"
    if metric == "epochs":
        return f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"
    text = f"{value:.4f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def _table_line(row: Mapping[str, Any]) -> list[Any]:
    line: list[Any] = [*cell_key(row["cell"]), len(row["seeds"])]
    for name, metrics in COLUMNS.items():
        for metric in (*metrics, "mae_linear"):
            number = row[name].get(metric, {})
            line += [number.get(end) for end in ("value", "low", "high", "sd")]
        line.append(row["marks"].get(name, ""))
    epochs, paper = row["epochs"] or {}, row["paper"]
    line += [epochs.get(key) for key in ("mean", "sd", "fewer", "fewer_bound", "capped")]
    for name, metrics in COLUMNS.items():
        line += [paper[name].get(metric) if paper else None for metric in metrics]
    return line + ([*paper["daggers"], paper["epochs"]] if paper else [None] * 3)


def _latex_rows(row: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    ours = [_tex(row["label"])]
    paper = [r"\quad\textcolor{gray}{printed}"]
    for name in names:
        for metric in COLUMNS[name]:
            number = row[name].get(metric, {})
            text = figure_text(number.get("value"))
            if number.get("sd") is not None:
                text += f" $\\pm$ {figure_text(number['sd'])}"
            dagger = metric == "mae" and bool(row["marks"].get(name))
            ours.append(text + (r"\,$\dagger$" if dagger else ""))
            printed = row["paper"][name].get(metric) if row["paper"] else None
            marked = metric == "mae" and row["paper"] and row["paper"]["daggers"][name != "test"]
            said = figure_text(printed) + (r"\,$\dagger$" if marked else "")
            paper.append(f"\\textcolor{{gray}}{{{said}}}")
    epochs = row["epochs"]
    least = r"$\geq$\," if epochs and epochs["capped"] else ""
    ours.append(least + figure_text(epochs["mean"] if epochs else None, "epochs"))
    lines = [" & ".join(ours) + r" \\"]
    if row["paper"]:
        paper.append(f"\\textcolor{{gray}}{{{row['paper']['epochs']}}}")
        lines.append(" & ".join(paper) + r" \\")
    return lines


def _caption(numbers: Numbers) -> str:
    config = numbers["config"]
    rule = {"bonferroni": "Bonferroni", "holm": "Holm"}[config["correction"]]
    alike = " with the same share of the labels" if len(config["shares"]) > 1 else ""
    said = [
        *numbers["marks"],
        f"Study {numbers['name']}.",
        "A dagger marks absolute errors significantly below those of "
        f"{numbers['labels'][config['baseline']]}{alike} (one-sided Wilcoxon signed-rank, {rule}, "
        f"{100 * config['alpha']:g} %).",
    ]
    if len(config["seeds"]) > 1:
        said.append(f"± is the standard deviation between seeds{spread_said(config)}.")
    if any(row["paper"] for row in rows_of(numbers)):
        said.append(f"Grey: as printed by {SOURCE}, {ON}.")
    return _tex(" ".join(said))


def spread_said(config: Mapping[str, Any]) -> str:
    """Return what a spread between seeds leaves out."""
    pretrains = any(INITIALISATIONS[key].is_pretrained for key in config["initialisations"])
    return "" if config["pretrain_each_seed"] or not pretrains else ONE_PRETRAINING


def _said(column: Mapping[str, Any]) -> str:
    split = f", {column['split']}" if column["split"] else ""
    return _tex(f"{column['label_set']}{split}")


def _tex(text: str) -> str:
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


def _csv(head: Sequence[str], lines: Iterable[Sequence[Any]], numbers: Numbers) -> str:
    """Write lines; the last column says what the numbers are not."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*head, "remark"])
    remark = " ".join(numbers["marks"])
    for line in lines:
        writer.writerow([_plain(value) for value in (*line, remark)])
    return out.getvalue()


def _plain(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value.startswith(_FORMULAS):
        return f"'{value}"
    return value
