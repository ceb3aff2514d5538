"""From a configuration and photos to the parts of a training, new or resumed."""

from dataclasses import dataclass, replace
from functools import partial

from models_app.training.checkpoint import State
from models_app.training.config import TrainConfig
from models_app.training.devices import device_name
from models_app.training.errors import ConfigInvalid
from models_app.training.feeding import Feeding, Measuring
from models_app.training.loop import Parts
from models_app.training.losses.balance import balance_build
from models_app.training.networks import PretextNetwork, network_build
from models_app.training.optimising import optimiser_build, optimiser_load
from models_app.training.origins import Origin
from models_app.training.position import Position
from models_app.training.pretext.building import Pretext, pretext_build
from models_app.training.pretext.registry import COMPARING
from models_app.training.processes import Averaging, synchronised
from models_app.training.saving import Saving
from models_app.training.site import Site
from models_app.training.statistics import BatchStatistics
from models_app.training.steps.stepper import Stepper


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """A training that can begin or go on.

    Attributes
    ----------
    parts, position
        For the loop.
    origin
        What the initial weights were.
    measure
        Evaluates photos over all processes.
    """

    parts: Parts
    position: Position
    origin: Origin
    measure: Measuring


def assemble(config: TrainConfig, at: Site, state: State | None) -> Assembled:
    """Build all parts of a training; with a state it goes on where that was saved.

    Raises
    ------
    ConfigInvalid, WeightsMissing
        As `network_build` and `pretext_build`, and if a loss compares photos and has no two.
    """
    _check_company(config, at)
    pretext = pretext_build(config)
    network, origin = _network(config, at, pretext, state)
    balance = balance_build(config.balance, config.terms, pretext.temperature).to(at.device)
    optimiser = optimiser_build(config, network, balance, fused=at.device.type == "cuda")
    position = Position()
    if state is not None:
        position = Position.from_json(state.info["position"])
        balance.load_state_dict(state.training["balance"], strict=True)
        optimiser_load(optimiser, state.training["optimiser"])
    statistics = BatchStatistics(network.backbone, frozen=config.bn_group == "frozen")
    stepper = Stepper(
        config,
        network,
        statistics,
        balance=balance,
        model=Averaging(network) if at.processes.count > 1 else None,
        processes=at.processes,
        choice=position.choice if position.device == device_name(at.device) else None,
        log=at.reports.log,
    )
    feeding = Feeding(config, at, pretext, position)
    saving = Saving(config, at, origin, network, balance, optimiser, stepper, feeding.unreadable)
    loader = feeding.loader(at.split.train, shuffled=True)
    measure = Measuring(config, at, pretext, network, feeding)
    parts = Parts(
        config=config,
        pretext=pretext,
        network=network,
        balance=balance,
        statistics=statistics,
        stepper=stepper,
        optimiser=optimiser,
        loader=loader,
        unreadable=feeding.unreadable,
        fed=partial(feeding.fed, loader),
        reports=at.reports,
        processes=at.processes,
        device=at.device,
        validate=measure.scalars,
        chosen=lambda: saving.chosen,
        save=saving.state,
        save_best=saving.best,
    )
    return Assembled(parts=parts, position=position, origin=origin, measure=measure)


def _network(
    config: TrainConfig, at: Site, pretext: Pretext, state: State | None
) -> tuple[PretextNetwork, Origin]:
    # A state has all weights; the file that they came from may be gone.
    fresh = config if state is None else replace(config, weights="random", weights_file="")
    network, origin = network_build(fresh, pretext)
    if config.sync_bn:
        network.backbone = synchronised(network.backbone, at.device, at.processes)
    network.to(at.device)
    if state is not None:
        origin = Origin.from_json(state.info["origin"])
        network.load_state_dict(state.network, strict=True)
    return network, origin


def _check_company(config: TrainConfig, at: Site) -> None:
    """Refuse losses that compare photos where a process never has two; tell what they compare."""
    comparing = COMPARING.intersection(config.terms)
    processes = at.processes.count
    if processes > 1 and config.bn_group == "batch" and not config.sync_bn:
        at.reports.log("Each process normalises its own photos; sync_bn joins them.")
    if not comparing:
        return
    named = ", ".join(sorted(comparing))
    if config.photos_per_batch < 2 * processes or len(at.split.train) < 2 * processes:
        raise ConfigInvalid(
            f"{named} compares two photos of a batch, and {processes} processes share "
            f"{min(config.photos_per_batch, len(at.split.train))} photos; give each process 2 or "
            "more.",
            "photos_per_batch",
        )
    if processes > 1:
        at.reports.log(f"{named} compares the photos of each process by themselves.")
