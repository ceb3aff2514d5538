"""Check weights of a network and store them; on a worker, because it takes torch to read them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, get_args

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models_app.errors import JobError, JobInvalid
from models_app.findings.words import architecture_words
from models_app.jobs.base import Plan
from models_app.jobs.config import option
from models_app.jobs.context import Context
from models_app.models import Checkpoint, Job
from models_app.networks.architectures import ANY, Entry, architecture_keys
from models_app.networks.errors import NetworkError
from models_app.networks.preprocessing import (
    HALF,
    IMAGENET,
    PLAIN,
    Interpolation,
    Mode,
    Preprocessing,
    Triple,
)
from models_app.selectors import findings as selectors
from models_app.services import checkpoints

if TYPE_CHECKING:
    from models_app.networks.building import Network

KNOWN_SCALES: dict[str, tuple[Triple, Triple]] = {
    "none": PLAIN,
    "imagenet": IMAGENET,
    "half": HALF,
}


def architecture_choices() -> list[tuple[str, str]]:
    return [(key, architecture_words(key)) for key in architecture_keys()]


def mode_choices() -> list[tuple[str, str]]:
    words = {
        "short_side": _("keep the shape; the shorter side gets this many pixels"),
        "pad_square": _("put the whole photo on a black square"),
        "stretch": _("squeeze the whole photo to a square"),
    }
    return [(mode, words[mode]) for mode in get_args(Mode)]


def normalisation_choices() -> list[tuple[str, str]]:
    return [
        ("none", _("none: values stay between 0 and 1")),
        ("imagenet", _("ImageNet’s mean 0.485 / 0.456 / 0.406 and sd 0.229 / 0.224 / 0.225")),
        ("half", _("a half taken off, divided by a half: values from −1 to 1")),
        ("own", _("another mean and sd, given below")),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    name: str = option(
        gettext_lazy("Name"),
        gettext_lazy("What lists and results call these weights; up to 100 letters."),
    )
    architecture: str = option(
        gettext_lazy("Architecture"),
        gettext_lazy("The network that the weights belong to."),
        choices=architecture_choices,
    )
    upload: str = option(
        gettext_lazy("Waiting file"),
        gettext_lazy("Given by the page of checkpoints for an uploaded file."),
        default="",
    )
    source: str = option(
        gettext_lazy("Source"),
        gettext_lazy("Where the weights come from: a file’s name, an address, a paper."),
        default="",
    )
    random: bool = option(
        gettext_lazy("Random weights"),
        gettext_lazy("No file: weights that nobody trained. Their scores mean nothing."),
        default=False,
    )
    seed: int = option(
        gettext_lazy("Seed"),
        gettext_lazy("Of random weights; the same seed gives the same weights."),
        default=0,
        low=0,
        high=2**31 - 1,
    )
    resize: int = option(
        gettext_lazy("Size"),
        gettext_lazy("Pixels that the photo is made smaller or larger to."),
        low=16,
        high=2048,
    )
    crop: int = option(
        gettext_lazy("Middle part"),
        gettext_lazy(
            "Side of the square that is cut out of the middle, in pixels; 0 cuts nothing."
        ),
        low=0,
        high=2048,
    )
    mode: str = option(
        gettext_lazy("Shape"),
        gettext_lazy("How a photo that is no square becomes one."),
        choices=mode_choices,
    )
    interpolation: str = option(
        gettext_lazy("Filter"),
        gettext_lazy("How pixels between pixels are computed."),
        choices=lambda: [(name, name) for name in get_args(Interpolation)],
    )
    normalisation: str = option(
        gettext_lazy("Mean and sd"),
        gettext_lazy("What is taken off the values of red, green and blue, and divided by."),
        choices=normalisation_choices,
    )
    mean: str = option(
        gettext_lazy("Own mean"),
        gettext_lazy("Three numbers for red, green, blue, as in 0.5, 0.5, 0.5; else empty."),
        default="",
    )
    sd: str = option(
        gettext_lazy("Own sd"),
        gettext_lazy("Three numbers for red, green, blue, as in 0.25, 0.25, 0.25; else empty."),
        default="",
    )


class ImportCheckpoint:
    config_type = Config
    queues = (Job.Queue.CPU,)
    preemptible = False

    def plan(self, config: Config) -> Plan:
        _name_check(config.name)
        preprocessing_of(config)
        if bool(config.upload) == config.random:
            raise JobInvalid(
                _("Give a file of weights, or ask for random weights; one of the two."), "file"
            )
        if config.upload:
            checkpoints.upload_name(config.upload)
        # Somebody waits in front of a page.
        return Plan(
            label=_("Import checkpoint %(name)s") % {"name": config.name},
            priority=5,
            seed=config.seed if config.random else None,
        )

    def run(self, config: Config, context: Context) -> None:
        context.device("cpu")
        made = context.resume.get("checkpoint")
        if not made:
            made = self._import(config, context).pk
        checkpoints.upload_delete(config.upload)
        context.note(checkpoint=made)

    def _import(self, config: Config, context: Context) -> Checkpoint:
        from models_app.networks.checkpoints import checkpoint_save

        _name_check(config.name)
        try:
            with _network(config, context) as network, TemporaryDirectory() as folder:
                context.check()
                context.stage(_("storing"))
                path = Path(folder) / "weights.safetensors"
                checkpoint_save(network, path)
                for name in network.dropped:
                    context.log(_("left out, only training needs it: %(name)s") % {"name": name})
                return _store(config, context, network, path)
        except NetworkError as error:
            # Nobody can put a wrong file right: it does not wait for a second try.
            checkpoints.upload_delete(config.upload)
            source = config.source or config.name
            raise JobError(f"{source}: {error}") from error


def proposed(architecture: Entry) -> dict[str, Any]:
    """Return the published input of an architecture as options."""
    found = architecture.preprocessing
    own = found.normalisation == "own"
    return {
        "resize": found.resize,
        "crop": found.crop,
        "mode": found.mode,
        "interpolation": found.interpolation,
        "normalisation": found.normalisation,
        "mean": ", ".join(map(str, found.mean)) if own else "",
        "sd": ", ".join(map(str, found.std)) if own else "",
    }


def preprocessing_of(config: Config) -> Preprocessing:
    """Raises JobInvalid."""
    if config.normalisation == "own":
        mean, sd = _triple("mean", config.mean), _triple("sd", config.sd)
    else:
        mean, sd = KNOWN_SCALES[config.normalisation]
    stated = {
        "resize": config.resize,
        "crop": config.crop,
        "mode": config.mode,
        "interpolation": config.interpolation,
        "mean": list(mean),
        "std": list(sd),
    }
    try:
        return Preprocessing.from_json(stated)
    except NetworkError as error:
        field = str(error).partition(" ")[0]
        raise JobInvalid(str(error), "sd" if field == "std" else field) from error


def _triple(field: str, text: str) -> tuple[float, ...]:
    parts = text.replace("/", ",").split(",")
    try:
        return tuple(float(part) for part in parts)
    except ValueError:
        raise JobInvalid(
            _("%(field)s is %(text)r; it must be three numbers with commas, as 0.5, 0.5, 0.5.")
            % {"field": field, "text": text[:60]},
            field,
        ) from None


def _name_check(name: str) -> None:
    if not name.strip() or name != name.strip() or not name.isprintable() or len(name) > 100:
        raise JobInvalid(
            _("The name has %(n)d letters; allowed are 1 to 100, with none blank at its ends.")
            % {"n": len(name)},
            "name",
        )
    if selectors.checkpoint_named(name) is not None:
        raise JobInvalid(checkpoints.name_taken(name), "name")


@contextmanager
def _network(config: Config, context: Context) -> "Iterator[Network]":
    from models_app.networks.building import network_random
    from models_app.networks.checkpoints import checkpoint_load

    preprocessing = preprocessing_of(config)
    if config.random:
        # Networks that nobody trained give every photo the same score unless their head is scaled.
        spread = not config.architecture.startswith(ANY)
        yield network_random(
            config.architecture, seed=config.seed, preprocessing=preprocessing, spread=spread
        )
        return
    context.stage(_("reading"))
    with checkpoints.stored_file(checkpoints.upload_name(config.upload)) as path:
        context.stage(_("checking"))
        yield checkpoint_load(
            path,
            architecture=config.architecture,
            preprocessing=preprocessing,
            max_bytes=checkpoints.max_bytes(),
        )


def _store(config: Config, context: Context, network: "Network", path: Path) -> Checkpoint:
    stored = checkpoints.checkpoint_store(path)
    source = config.source or (
        _("random, seed %(n)d") % {"n": config.seed} if config.random else ""
    )
    try:
        # The row and the note that it is made: a second attempt must not find its own name taken.
        with context.saving():
            made = checkpoints.checkpoint_record(
                name=config.name,
                architecture=network.architecture.key,
                file=stored,
                path=path,
                preprocessing=network.preprocessing.to_json(),
                is_random=network.random,
                source=source[:255],
                by=context.job.created_by,
            )
            context.save(checkpoint=made.pk)
    except BaseException:
        default_storage.delete(stored)
        raise
    context.result(
        checkpoint=made.name, sha256=made.sha256, bytes=made.bytes, random_weights=made.is_random
    )
    return made
