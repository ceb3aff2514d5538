import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from models_app.models import LabelSplit
from models_app.selectors import labels
from models_app.services.split_leaks import leaks_csv
from models_app.services.splits import split_create
from models_app.splits.base import PARTS, LeakingSplit, SplitRefused
from models_app.splits.config import options_of
from models_app.splits.listing import list_read
from models_app.splits.registry import REGISTRY


class Command(BaseCommand):
    help = "Divide labelled images into train, validation, test; a split that leaks is refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("label_set", help="name given to import_labels")
        parser.add_argument("name", help="of the split; it can never be changed")
        parser.add_argument("--rule", required=True, choices=list(REGISTRY))
        parser.add_argument("--seed", type=int, help="of what is drawn (0)")
        parser.add_argument("--validation-share", type=float, metavar="SHARE", help="0 to 0.9")
        parser.add_argument("--test-share", type=float, metavar="SHARE", help="0 to 0.9")
        parser.add_argument(
            "--rest",
            choices=["leave_out", "train"],
            help="what becomes of images that no list names (leave_out)",
        )
        for part in PARTS:
            parser.add_argument(
                f"--{part}",
                type=Path,
                action="append",
                default=[],
                metavar="FILE",
                help=f"names of images for {part}, one a line; may be given again",
            )
        parser.add_argument("--near", type=int, help="bits of perceptual hashes that may differ")
        parser.add_argument(
            "--labels-only", action="store_true", default=None, help="images without a photo too"
        )
        parser.add_argument(
            "--without-leaks",
            action="store_true",
            default=None,
            help="leave leaking images out of train and validation",
        )
        parser.add_argument("--leaks", type=Path, metavar="FILE", help="CSV of what leaks")
        parser.add_argument("--json", action="store_true", help="say what was made as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        label_set = labels.label_set_named(options["label_set"])
        if label_set is None:
            names = ", ".join(name for name, _name in labels.label_set_choices()[:20])
            raise CommandError(
                _("There is no label set %(name)r; there are: %(names)s.")
                % {"name": options["label_set"], "names": names or _("none, see import_labels")}
            )
        named = {name for key in REGISTRY for name in options_of(key)}
        settings = {name: options[name] for name in named if options[name] is not None}
        try:
            lists = {part: [list_read(path) for path in options[part]] for part in PARTS}
            split = split_create(label_set, options["name"], options["rule"], settings, lists=lists)
        except LeakingSplit as refused:
            raise CommandError(self._refused(refused, options["leaks"])) from refused
        except SplitRefused as refused:
            raise CommandError(str(refused)) from refused
        self._said(split, as_json=options["json"])

    def _refused(self, refused: LeakingSplit, path: Path | None) -> str:
        """Return the sentence, after the list was written."""
        if path is None:
            return str(refused) + _(
                " --without-leaks does the latter; --leaks FILE writes the whole list."
            )
        try:
            path.write_text(leaks_csv(refused.leaks), encoding="utf-8")
        except OSError as error:
            return str(refused) + _(" The list could not be written to %(path)s (%(reason)s).") % {
                "path": path,
                "reason": error.strerror,
            }
        return str(refused) + _(
            " --without-leaks does the latter; the whole list is in %(path)s."
        ) % {"path": path}

    def _said(self, split: LabelSplit, *, as_json: bool) -> None:
        if as_json:
            said = {
                "label_set": split.label_set.name,
                "name": split.name,
                "rule": split.rule,
                "settings": split.settings,
                "counts": split.counts,
                "checks": split.checks,
                "sha256": split.sha256,
            }
            self.stdout.write(json.dumps(said, indent=2))
            return
        self.stdout.write(
            _("split %(name)s of %(set)s: %(counts)s (%(source)s); SHA-256 %(hash)s")
            % {
                "name": split.name,
                "set": split.label_set.name,
                "counts": ", ".join(f"{part} {n}" for part, n in split.counts.items()),
                "source": split.checks["source"],
                "hash": split.sha256,
            }
        )
        for line in _lines(split.checks):
            self.stdout.write(line)


def _lines(checks: dict[str, Any]) -> list[str]:
    """Say what was left out and what could not be looked at."""
    dropped = {part: n for part, n in checks["dropped"].items() if n}
    unlabelled = {part: n for part, n in checks["unlabelled"].items() if n}
    members = checks["same_id"]
    lines = [
        (bool(dropped), _("left out because they leak: %(n)s") % {"n": _counted(dropped)}),
        (bool(unlabelled), _("names without a label: %(n)s") % {"n": _counted(unlabelled)}),
        (checks["left_out"], _("in no part: %(n)d") % {"n": checks["left_out"]}),
        (checks["no_photo"], _("without a photo, left out: %(n)d") % {"n": checks["no_photo"]}),
        (checks["excluded"], _("excluded, left out: %(n)d") % {"n": checks["excluded"]}),
        (
            checks["same_content"] < members,
            _(
                "pixels could be compared for %(seen)d of %(members)d members only: the others "
                "have no photo"
            )
            % {"seen": checks["same_content"], "members": members},
        ),
    ]
    return [line for wanted, line in lines if wanted]


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{part} {n}" for part, n in counts.items())
