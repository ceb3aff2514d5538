"""Import uploaded label files; on a worker, because it takes minutes to look at every photo."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models_app.errors import DatasetError, JobError, JobInvalid
from models_app.jobs.base import Plan
from models_app.jobs.config import option
from models_app.jobs.context import Context
from models_app.labels.base import LabelsRefused, Previewer
from models_app.labels.registry import FILES, PART, REGISTRY, Entry, entry_get, importer_get
from models_app.models import Dataset, Job, LabelSet
from models_app.selectors import datasets
from models_app.selectors import labels as selectors
from models_app.services import label_uploads
from models_app.services.labels import labels_import, name_check

Item = TypeVar("Item")
# Of each kind of finding; the page of the label set has them all.
LOGGED = 20


def kind_choices() -> list[tuple[str, str]]:
    """Kinds whose labels are files that stand for themselves."""
    return [(entry.key, _(entry.label)) for entry in REGISTRY.values() if entry.alone]


def dataset_choices() -> list[tuple[str, str]]:
    none = ("", _("none: labels only"))
    return [none, *((name, name) for name in datasets.dataset_names())]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    name: str = option(
        gettext_lazy("Name"), gettext_lazy("What lists and results call it; up to 100 letters.")
    )
    kind: str = option(
        gettext_lazy("Kind"), gettext_lazy("What the label files are."), choices=kind_choices
    )
    files: str = option(
        gettext_lazy("Waiting files"),
        gettext_lazy("Given by the page of labels for uploaded files."),
    )
    dataset: str = option(
        gettext_lazy("Dataset"),
        gettext_lazy("Its photos are the images that the labels name."),
        default="",
        choices=dataset_choices,
    )
    options: str = option(
        gettext_lazy("Options of the kind"),
        gettext_lazy("Divided by semicolons, as in low=1; high=10."),
        default="",
    )
    generated: bool = option(
        gettext_lazy("Generated images"),
        gettext_lazy("The images were drawn by a program: a check of the plumbing, no finding."),
        default=False,
    )


class ImportLabels:
    config_type = Config
    queues = (Job.Queue.CPU,)
    preemptible = False

    def plan(self, config: Config) -> Plan:
        try:
            name_check(config.name)
        except DatasetError as error:
            raise JobInvalid(str(error), "name") from error
        entry = _entry(config)
        options_of(entry, config.options)
        label_uploads.uploads_name(config.files)
        _preview(entry, config)
        # Somebody waits in front of a page.
        label = _("Import labels %(name)s") % {"name": config.name}
        return Plan(label=label, priority=5, dataset=_dataset(config))

    def run(self, config: Config, context: Context) -> None:
        context.device("cpu")
        pk = context.resume.get("label_set")
        # A second attempt must not find its own name taken.
        made = selectors.label_set_get(pk) if pk else _import(config, context)
        label_uploads.uploads_delete(config.files)
        if made is not None:
            counts = made.report["counts"]
            context.result(label_set=made.pk, generated_labels=made.is_generated, **counts)


def _preview(entry: Entry, config: Config) -> None:
    """Refuse options that the first line of a file contradicts. Raises JobInvalid."""
    importer = importer_get(entry.key)
    options = options_of(entry, config.options)
    if not isinstance(importer, Previewer):
        return
    try:
        with label_uploads.uploads_open(config.files) as paths:
            for path in paths:
                importer.preview(path, options)
    except LabelsRefused as refused:
        raise JobInvalid(str(refused), "options") from refused


def _import(config: Config, context: Context) -> LabelSet | None:
    entry = _entry(config)
    context.stage(_("reading"))
    try:
        with label_uploads.uploads_open(config.files) as paths:
            imported = labels_import(
                entry.key,
                [path for path in paths if path.name not in entry.beside],
                name=config.name,
                dataset=_dataset(config),
                options=options_of(entry, config.options),
                is_generated=config.generated,
                by=context.job.created_by,
                progress=lambda items: _watched(items, context),
                saving=lambda: _saving(config, context),
            )
    except DatasetError as error:
        # The same files would be refused again; the form asks for others.
        label_uploads.uploads_delete(config.files)
        raise JobError(str(error)) from error
    for key, problems in imported.report.as_json(most=LOGGED)["names"].items():
        for problem in problems:
            context.log(f"{key}: {problem['name']}: {problem['reason']}")
    return imported.label_set


def _watched(items: Iterable[Item], context: Context) -> Iterator[Item]:
    found = list(items)
    context.stage(_("looking at photos"))
    for done, item in enumerate(found, start=1):
        context.check()
        yield item
        context.progress(done, len(found))


@contextmanager
def _saving(config: Config, context: Context) -> Iterator[None]:
    """Keep the rows and the note that they are there, both or neither."""
    context.stage(_("storing"))
    with context.saving():
        yield
        made = selectors.label_set_named(config.name)
        if made is not None:
            context.save(label_set=made.pk)


def options_of(entry: Entry, text: str) -> dict[str, str]:
    """Return options that are written as NAME=VALUE; NAME=VALUE. Raises JobInvalid."""
    allowed = [name for name in (*PART, *entry.options) if name not in FILES]
    found = {}
    for each in filter(None, map(str.strip, text.split(";"))):
        name, equals, value = (part.strip() for part in each.partition("="))
        if not equals or not value or name not in allowed:
            raise JobInvalid(
                _("%(given)r is no option of %(kind)s; allowed are %(names)s, as in part=test.")
                % {"given": each[:80], "kind": entry.key, "names": ", ".join(allowed)},
                "options",
            )
        found[name] = value
    return found


def _entry(config: Config) -> Entry:
    try:
        entry = entry_get(config.kind)
    except LabelsRefused as refused:
        raise JobInvalid(str(refused), "kind") from refused
    if not entry.alone:
        raise JobInvalid(
            _("%(kind)s needs more than its file; import it with manage.py import_labels.")
            % {"kind": entry.key},
            "kind",
        )
    return entry


def _dataset(config: Config) -> Dataset | None:
    if not config.dataset:
        return None
    found = datasets.dataset_named(config.dataset)
    if found is None:
        raise JobInvalid(
            _("There is no dataset %(name)s; choose another one.") % {"name": config.dataset},
            "dataset",
        )
    return found
