"""From a configuration and labelled photos to the parts of a fine-tuning, new or resumed."""

from dataclasses import dataclass
from itertools import count as counter
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from models_app.networks.preprocessing import Preprocessing
from models_app.training.checkpoint import State
from models_app.training.data import Unreadable
from models_app.training.errors import PhotosUnusable
from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.finetuning.data import truths
from models_app.training.finetuning.decoded import Making, Pictures
from models_app.training.finetuning.draws import bases
from models_app.training.finetuning.features import features_fit, features_make
from models_app.training.finetuning.feeding import Feeding
from models_app.training.finetuning.loop import Tuning
from models_app.training.finetuning.measuring import Measuring
from models_app.training.finetuning.networks import JudgeNetwork, network_again, network_build
from models_app.training.finetuning.pictures import pictures_make
from models_app.training.finetuning.position import Position
from models_app.training.finetuning.saving import Saving
from models_app.training.finetuning.schedule import BACKBONE, HEAD, begin_frozen
from models_app.training.finetuning.site import Site
from models_app.training.finetuning.stepping import Stepper
from models_app.training.optimising import optimiser_load, optimiser_of
from models_app.training.origins import Origin
from models_app.training.processes import synchronised
from models_app.training.statistics import BatchStatistics

FEATURES = "features"
"""The kind of work, for memory, beside whether layers are frozen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A network with its position, before any photo is decoded.

    Attributes
    ----------
    origin
        What the initial weights of the backbone were.
    """

    network: JudgeNetwork
    optimiser: Optimizer
    position: Position
    origin: Origin
    preprocessing: Preprocessing


def begin(config: FinetuneConfig, at: Site, state: State | None) -> Begun:
    """Build the network and its optimiser; with a state they go on where that was saved.

    Raises
    ------
    ConfigInvalid, WeightsMissing
        As `network_build`.
    """
    if state is None:
        network, origin, preprocessing = network_build(config)
        position = Position(frozen=begin_frozen(config))
    else:
        origin = Origin.from_json(state.info["origin"])
        preprocessing = Preprocessing.from_json(state.info["preprocessing"])
        network = network_again(config, preprocessing)
        network.load_state_dict(state.network, strict=True)
        position = Position.from_json(state.info["position"])
    if config.sync_bn:
        network.backbone = synchronised(network.backbone, at.device, at.processes)
    network.to(at.device)
    optimiser = optimiser_build(config, network, fused=at.device.type == "cuda")
    if state is not None:
        optimiser_load(optimiser, state.training["optimiser"])
    return Begun(
        network=network,
        optimiser=optimiser,
        position=position,
        origin=origin,
        preprocessing=preprocessing,
    )


def pictures_of(config: FinetuneConfig, at: Site, begun: Begun) -> Pictures:
    """Decode the photos that train and validate: rows in this order.

    Raises
    ------
    Stopped, PhotosUnusable, MemoryShort, TrainingError
        As `pictures_make`, and if a part has no photo that can be read.
    """
    indices = (*at.parts.train, *at.parts.validation)
    position, missing = begun.position, at.parts.missing
    unreadable = Unreadable(
        len(indices) + len(missing),
        config.max_unreadable,
        position.unreadable,
        lambda name, reason: at.reports.log(f"{name}: {reason}"),
    )
    unreadable.merge(dict.fromkeys(missing, "it is not among the photos"))
    at.reports.stage("decoding photos")
    pictures = pictures_make(
        Making(
            config=config,
            photos=at.labelled,
            indices=indices,
            preprocessing=begun.preprocessing,
            unreadable=unreadable,
            processes=at.processes,
            reports=at.reports,
            should_stop=at.should_stop,
        )
    )
    at.reports.stage("")
    position.unreadable = unreadable.snapshot()
    trains = len(at.parts.train)
    for part, readable, least in (
        ("train", pictures.readable[:trains], 2),
        ("validate", pictures.readable[trains:], 1),
    ):
        count = int(readable.sum())
        if count < least:
            pictures.close()
            raise PhotosUnusable(
                f"Of the photos that {part} {count or 'none'} can be read, and it takes {least} or "
                "more; replace the others."
            )
    return pictures


def assemble(config: FinetuneConfig, at: Site, begun: Begun, pictures: Pictures) -> Tuning:
    """Build all parts of a fine-tuning."""
    network, position, processes = begun.network, begun.position, at.processes
    trains = len(at.parts.train)
    train = np.flatnonzero(pictures.readable[:trains])
    validation = np.flatnonzero(pictures.readable[trains:])
    learnt = [at.parts.train[row] for row in train]
    measured = [at.parts.validation[row] for row in validation]
    feeding = Feeding(
        config=config,
        pictures=pictures,
        rows=train,
        truth=torch.from_numpy(truths(at.labelled, learnt)),
        base=bases([at.labelled.key(index) for index in learnt]),
        width=network.width,
        processes=processes,
        pin=at.device.type == "cuda",
    )
    measuring = Measuring(
        config=config,
        network=network,
        pictures=pictures,
        rows=trains + validation,
        names=[at.labelled.name(index) for index in measured],
        truth=truths(at.labelled, measured).astype(np.float64),
        device=at.device,
        processes=processes,
        should_stop=at.should_stop,
    )
    stepper = Stepper(
        config=config,
        network=network,
        optimiser=begun.optimiser,
        statistics=BatchStatistics(network.backbone),
        frozen_statistics=BatchStatistics(network.backbone, frozen=True),
        processes=processes,
        device=at.device,
    )
    saving = Saving(
        config,
        at,
        origin=begun.origin,
        preprocessing=begun.preprocessing,
        network=network,
        optimiser=begun.optimiser,
    )

    def features() -> Tensor | None:
        if position.kept is None:
            fit = features_fit(config, len(pictures.readable), network.width)
            position.kept = bool(processes.from_first(fit))
        if not position.kept:
            return None
        at.reports.stage("computing the features of the frozen layers")
        pieces = counter()

        def asked() -> bool:
            at.memory.before_step(next(pieces), FEATURES)
            return at.should_stop()

        made = features_make(
            network,
            pictures,
            flips=config.flips,
            device=at.device,
            processes=processes,
            should_stop=asked,
        )
        at.reports.stage("")
        return made

    return Tuning(
        config=config,
        stepper=stepper,
        feeding=feeding,
        measuring=measuring,
        features=features,
        saving=saving,
        reports=at.reports,
        processes=processes,
        device=at.device,
    )


def optimiser_build(config: FinetuneConfig, network: JudgeNetwork, *, fused: bool) -> Optimizer:
    """Return the optimiser over backbone and new layer, one group each.

    Layers that do not learn get no gradient, and an optimiser leaves those alone.

    Parameters
    ----------
    fused
        Whether all weights are updated in one kernel; for GPUs.
    """
    groups: list[dict[str, Any]] = [
        {
            "params": list(network.backbone.parameters()),
            "name": BACKBONE,
            "lr": config.learning_rate,
        },
        {"params": list(network.head.parameters()), "name": HEAD, "lr": config.head_learning_rate},
    ]
    return optimiser_of(
        config.optimiser,
        groups,
        rate=config.learning_rate,
        decay=config.weight_decay,
        momentum=config.momentum,
        fused=fused,
    )
