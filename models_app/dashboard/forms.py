"""The form of a kind of job, made of its configuration's options."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from models_app.errors import JobInvalid
from models_app.jobs.base import Kind
from models_app.jobs.config import Described, config_dump, config_load, described, value_check
from models_app.jobs.typed import object_read, option_read, option_write
from models_app.models import Job

# A form field's name begins so, that options may be called whatever they like.
PREFIX = "option-"


@dataclass(frozen=True)
class Shown:
    """One option as the form shows it."""

    each: Described
    # What stands in the field.
    text: str
    error: str

    @property
    def id(self) -> str:
        return f"{PREFIX}{self.each.name}"

    @property
    def widget(self) -> str:
        if self.each.option.choices is not None:
            return "select"
        return {bool: "checkbox", int: "number", float: "number"}.get(self.each.kind, "text")

    @property
    def step(self) -> str:
        return "1" if self.each.kind is int else "any"

    @property
    def checked(self) -> bool:
        return self.text == "true"

    @property
    def default(self) -> str:
        """What is taken where nothing is said; empty without a default."""
        if self.each.required:
            return ""
        if self.each.kind is bool:
            return str(_("on") if self.each.default else _("off"))
        found = option_write(self.each.default)
        return dict(self.choices).get(found, found)

    @property
    def low(self) -> str:
        return option_write(self.each.option.low)

    @property
    def high(self) -> str:
        return option_write(self.each.option.high)

    @cached_property
    def choices(self) -> list[tuple[str, str]]:
        """Choices with their labels; what was asked for stays even if it is no choice."""
        if self.each.option.choices is None:
            return []
        found = [(value, str(label)) for value, label in self.each.option.choices()]
        if self.text and self.text not in dict(found):
            found.insert(0, (self.text, self.text))
        return found


class LaunchForm:
    """Values of options, as JSON has them, checked one by one so that all mistakes are shown."""

    def __init__(self, kind: Kind, values: Mapping[str, Any] | None = None) -> None:
        """`values` None: the form as it is first shown, where nothing is wrong yet."""
        self.kind = kind
        self.options = described(kind.config_type)
        self.values = dict(values or {})
        self.errors: dict[str, str] = {}
        # What is wrong with no option in particular.
        self.error = ""
        self.json = ""
        self.json_error = ""
        self.config: dict[str, Any] | None = None
        if values is not None:
            self._check()

    @classmethod
    def of_fields(cls, kind: Kind, posted: QueryDict) -> "LaunchForm":
        values: dict[str, Any] = {}
        for each in described(kind.config_type):
            text = posted.get(f"{PREFIX}{each.name}", "")
            # An empty field is one that was not given; an empty box is a no.
            if text.strip() or each.kind is bool:
                values[each.name] = option_read(each, text)
        return cls(kind, values)

    @classmethod
    def of_query(cls, kind: Kind, asked: QueryDict) -> "LaunchForm":
        """As it is first shown, with what an address gives; nothing is checked yet."""
        form = cls(kind)
        form.values = {
            each.name: option_read(each, asked.get(f"{PREFIX}{each.name}", ""))
            for each in form.options
            if f"{PREFIX}{each.name}" in asked
        }
        return form

    @classmethod
    def of_json(cls, kind: Kind, text: str) -> "LaunchForm":
        try:
            form = cls(kind, object_read(text))
        except JobInvalid as error:
            form = cls(kind)
            form.json_error = str(error)
        form.json = text
        return form

    @classmethod
    def of_job(cls, kind: Kind, job: Job) -> "LaunchForm":
        """Filled in as a job was; options that are no more are left out."""
        known = {each.name for each in described(kind.config_type)}
        form = cls(kind)
        form.values = {name: value for name, value in job.config.items() if name in known}
        return form

    def refuse(self, error: JobInvalid) -> None:
        """Show what only the database could tell."""
        if error.field in {each.name for each in self.options}:
            self.errors[error.field] = str(error)
        else:
            self.error = str(error)

    @property
    def common(self) -> list[Shown]:
        """Options that are shown at once."""
        return [shown for shown in self.shown if not shown.each.option.group]

    @property
    def groups(self) -> dict[str, list[Shown]]:
        """The others by heading, in the order of their first option."""
        found: dict[str, list[Shown]] = {}
        for shown in self.shown:
            if heading := str(shown.each.option.group):
                found.setdefault(heading, []).append(shown)
        return found

    @property
    def is_changed(self) -> bool:
        """Whether an option under a heading is wrong or not at its default."""
        return any(
            shown.error
            or self.values.get(shown.each.name, shown.each.default) != shown.each.default
            for group in self.groups.values()
            for shown in group
        )

    @property
    def shown(self) -> list[Shown]:
        return [
            Shown(
                each,
                option_write(self.values.get(each.name, each.default)),
                self.errors.get(each.name, ""),
            )
            for each in self.options
        ]

    def _check(self) -> None:
        for each in self.options:
            try:
                if each.name in self.values:
                    value_check(each, self.values[each.name])
                elif each.required:
                    self.errors[each.name] = _("%(label)s is missing; say which.") % {
                        "label": each.option.label
                    }
            except JobInvalid as error:
                self.errors[each.name] = str(error)
        if self.errors:
            return
        try:
            self.config = config_dump(config_load(self.kind.config_type, self.values))
        except JobInvalid as error:
            self.refuse(error)
