"""The configuration of a study: frozen, checked, stored with it, and all that is needed again."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from difflib import get_close_matches
from math import isfinite
from typing import Any, Self

from django.utils.translation import gettext as _

from models_app.errors import JobInvalid
from models_app.studies.initialisations import INITIALISATIONS
from models_app.studies.registry import REGISTRY

# What the study itself says to every job of a kind, so that its options must not.
RESERVED = {
    "pretrain": ("dataset", "task", "weights", "checkpoint", "trainable", "seed"),
    "finetune": (
        "label_set", "split", "weights", "checkpoint", "trainable", "seed", "subset_seed", "share",
    ),
    "evaluate": ("checkpoint", "label_set", "split", "part", "resamples"),
}  # fmt: skip
TRAINABLE = ("all", "last_block")
CORRECTIONS = ("bonferroni", "holm")
NAME_MOST = 100


@dataclass(frozen=True, kw_only=True)
class StudyConfig:
    """One question. Lists may be given as JSON lists; what is left out has its default."""

    kind: str
    name: str
    # A label set, and the split of it that trains, validates and tests.
    labels: str
    split: str
    # The dataset that is learnt from without labels; empty where nothing is pretrained.
    photos: str = ""
    # A label set that the fine-tuned networks judge without having seen any of it.
    zero_shot: str = ""
    initialisations: tuple[str, ...] = ("imagenet",)
    # The initialisation that all others are held against.
    baseline: str = "imagenet"
    # What every pretraining begins with.
    initial_weights: str = "imagenet"
    seeds: tuple[int, ...] = (1,)
    # False: one pretraining serves all seeds of fine-tuning.
    pretrain_each_seed: bool = False
    # Shares of the training labels.
    shares: tuple[float, ...] = (1.0,)
    trainable: tuple[str, ...] = ("all",)
    alpha: float = 0.01
    correction: str = "bonferroni"
    resamples: int = 1000
    # Whether finished jobs with the same configuration stand in for new ones.
    reuse: bool = True
    # Options of the jobs, but for those that the study decides.
    pretrain: Mapping[str, Any] = field(default_factory=dict)
    # Over them, by initialisation: what only makes sense for some pretext tasks.
    pretrain_by: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    finetune: Mapping[str, Any] = field(default_factory=dict)
    evaluate: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, raw: object) -> Self:
        """Check a JSON object. Raises JobInvalid for the first thing that is wrong."""
        if not isinstance(raw, Mapping):
            raise JobInvalid(_('A study is a JSON object, as in {"kind": "table2", "name": ...}.'))
        _names_check(cls, raw)
        values = {name: _CHECKS[name](name, value) for name, value in raw.items()}
        found = cls(**values)
        _together_check(found)
        return found

    def to_json(self) -> dict[str, Any]:
        """Return every option, also those at their default, as JSON has it."""
        found: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return found

    def pretraining(self, initialisation: str) -> dict[str, Any]:
        """Return the options of one pretraining that the study leaves open."""
        return {**self.pretrain, **self.pretrain_by.get(initialisation, {})}


def _names_check(config: type[StudyConfig], raw: Mapping[Any, Any]) -> None:
    known = {each.name: each for each in fields(config)}
    for name in raw:
        if name not in known:
            near = get_close_matches(str(name), known, n=1)
            hint = _(" Did you mean %(near)s?") % {"near": near[0]} if near else ""
            raise JobInvalid(
                _("%(name)r is no option of a study; allowed are: %(allowed)s.%(hint)s")
                % {"name": str(name)[:80], "allowed": ", ".join(known), "hint": hint}
            )
    for name, each in known.items():
        needed = each.default is MISSING and each.default_factory is MISSING
        if needed and name not in raw:
            raise JobInvalid(_("%(name)s is missing from the study.") % {"name": name}, name)


def _refuse(name: str, value: object, allowed: str) -> JobInvalid:
    return JobInvalid(
        _("%(name)s is %(value)s; allowed is %(allowed)s.")
        % {"name": name, "value": json.dumps(value)[:80], "allowed": allowed},
        name,
    )


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > NAME_MOST or not (value + " ").isprintable():
        raise _refuse(name, value, _("a text of at most %(n)d letters") % {"n": NAME_MOST})
    return value.strip()


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _refuse(name, value, _("true or false"))
    return value


def _number(low: float, high: float, kind: type = float) -> Callable[[str, Any], Any]:
    def check(name: str, value: Any) -> Any:
        allowed = (int,) if kind is int else (int, float)
        # bool is an int to Python, not to a person.
        fits = isinstance(value, allowed) and not isinstance(value, bool) and isfinite(value)
        if not fits or not low <= value <= high:
            said = _("a number from %(low)s to %(high)s") % {"low": f"{low:g}", "high": f"{high:g}"}
            raise _refuse(name, value, said)
        return kind(value)

    return check


def _percent(name: str, value: Any) -> float:
    share: float = _number(0.01, 1)(name, value)
    if abs(100 * share - round(100 * share)) > 1e-9:
        raise _refuse(name, value, _("a whole percentage, such as 0.25"))
    return round(100 * share) / 100


def _choice(allowed: Callable[[], Sequence[str]]) -> Callable[[str, Any], str]:
    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in allowed():
            raise _refuse(name, value, _("one of %(names)s") % {"names": ", ".join(allowed())})
        return value

    return check


def _several(check: Callable[[str, Any], Any]) -> Callable[[str, Any], tuple[Any, ...]]:
    def check_all(name: str, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)) or not value:
            raise _refuse(name, value, _("a list of one or more"))
        found = tuple(check(name, each) for each in value)
        if len(set(found)) < len(found):
            raise _refuse(name, value, _("a list without repetitions"))
        return found

    return check_all


def _options(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _refuse(name, value, _("an object of options"))
    for option in value:
        if option in RESERVED[name]:
            raise JobInvalid(
                _("%(kind)s sets %(option)s, which the study itself decides; leave it out.")
                % {"kind": name, "option": option},
                name,
            )
    return dict(value)


def _options_by(name: str, value: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(value, Mapping):
        raise _refuse(name, value, _("an object of options by initialisation"))
    for key in value:
        if key not in INITIALISATIONS or not INITIALISATIONS[key].is_pretrained:
            tasks = [each.key for each in INITIALISATIONS.values() if each.is_pretrained]
            raise _refuse(name, key, _("one of %(names)s") % {"names": ", ".join(tasks)})
    return {key: _options("pretrain", options) for key, options in value.items()}


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "kind": _choice(lambda: list(REGISTRY)),
    "name": _text,
    "labels": _text,
    "split": _text,
    "photos": _text,
    "zero_shot": _text,
    "initialisations": _several(_choice(lambda: list(INITIALISATIONS))),
    "baseline": _choice(lambda: list(INITIALISATIONS)),
    "initial_weights": _choice(lambda: ("imagenet", "random")),
    "seeds": _several(_number(0, 2**31 - 1, int)),
    "pretrain_each_seed": _flag,
    "shares": _several(_percent),
    "trainable": _several(_choice(lambda: TRAINABLE)),
    "alpha": _number(1e-6, 0.5),
    "correction": _choice(lambda: CORRECTIONS),
    "resamples": _number(100, 100_000, int),
    "reuse": _flag,
    "pretrain": _options,
    "pretrain_by": _options_by,
    "finetune": _options,
    "evaluate": _options,
}


def _together_check(config: StudyConfig) -> None:
    for name in ("name", "labels", "split"):
        if not getattr(config, name):
            raise JobInvalid(_("%(name)s is empty; name one.") % {"name": name}, name)
    if config.baseline not in config.initialisations:
        raise JobInvalid(
            _("The baseline %(name)s is none of the initialisations (%(names)s); add it to them.")
            % {"name": config.baseline, "names": ", ".join(config.initialisations)},
            "baseline",
        )
    pretrained = [key for key in config.initialisations if INITIALISATIONS[key].is_pretrained]
    if pretrained and not config.photos:
        raise JobInvalid(
            _("%(names)s learn from photos without labels; name their dataset in photos.")
            % {"names": ", ".join(pretrained)},
            "photos",
        )
    if config.zero_shot == config.labels:
        raise JobInvalid(
            _("zero_shot names the labels that are learnt from; name another label set or none."),
            "zero_shot",
        )
