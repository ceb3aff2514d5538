"""What `bench.training` measures: the real training step, and what it is held against."""

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from bench.peaks import peak_forget, peak_mb
from bench.training_photos import MANY, Repeated
from models_app.training.assembly import assemble
from models_app.training.config import TrainConfig
from models_app.training.data import Photos
from models_app.training.errors import MemoryShort
from models_app.training.loop import train
from models_app.training.networks import Groups, PretextNetwork, features_join
from models_app.training.objective import Objective
from models_app.training.position import Position
from models_app.training.processes import Processes
from models_app.training.reports import Silent
from models_app.training.site import Site
from models_app.training.split import Split
from models_app.training.steps.checkpointed import blocks_twice
from models_app.training.steps.choosing import Choice, way_fits
from models_app.training.steps.groups import groups_make
from models_app.training.steps.memory import Kept, memory_available
from models_app.training.steps.trials import kept_try
from models_app.training.stopwatch import PHASES

# A step that takes longer than this is not thrown away to warm up.
LONG = 2.0

Loss = Callable[[dict[str, Tensor]], Tensor]


class _Shares(Silent):
    """Adds up where the time of steps went."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(PHASES, 0.0)
        self._before = time.perf_counter()

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        now = time.perf_counter()
        for phase in PHASES:
            self.seconds[phase] += values.get(f"share/{phase}", 0.0) * (now - self._before)
        self._before = now

    def restart(self) -> None:
        self._before = time.perf_counter()

    @property
    def shares(self) -> dict[str, float]:
        total = sum(self.seconds.values()) or 1.0
        return {phase: seconds / total for phase, seconds in self.seconds.items()}


class Running:
    """A real training that can be let go on for a while, and the yardsticks of its step.

    Parameters
    ----------
    begun
        Whether to make two steps at once, after which rounds may follow.

    Raises
    ------
    TrainingError
        As `assemble`; `MemoryShort` where a way that was asked for does not fit.
    """

    def __init__(
        self, config: TrainConfig, photos: Photos, device: torch.device, *, begun: bool = True
    ) -> None:
        self.config = config
        self.device = device
        self.reports = _Shares()
        at = Site(
            photos=Repeated(photos),
            split=Split(tuple(range(MANY)), (0,), (), "all", ""),
            folder=Path(),
            reports=self.reports,
            processes=Processes(),
            device=device,
            saved=lambda _path: None,
        )
        made = assemble(config, at, None)
        self.parts = replace(
            made.parts,
            save=lambda _position: None,
            save_best=lambda _position: None,
            validate=lambda: {"validation/total": 0.0},
        )
        self.position: Position = made.position
        self.network: PretextNetwork = made.parts.network
        self.views = made.parts.pretext.views.count
        self.peak_mb = 0.0
        if begun:
            # Chooses how steps are computed, and touches all memory once.
            self._train(lambda times: len(times) > 1)
            before, after = self._train(lambda times: len(times) > 1)
            self.long = after - before > LONG
            self.reports.seconds = dict.fromkeys(PHASES, 0.0)

    @property
    def choice(self) -> Choice:
        found = self.parts.stepper.choice
        assert found is not None
        return found

    @property
    def images(self) -> int:
        """Pictures of a step."""
        return self.config.photos_per_batch * self.views

    def real(self, seconds: float) -> float:
        """Return images a second of the real loop, which decodes ahead as it always does."""
        peak_forget(self.device)
        times = self._train(lambda times: len(times) > 1 and times[-1] - times[0] >= seconds)
        self.peak_mb = max(self.peak_mb, peak_mb(self.device))
        return self.images * (len(times) - 1) / (times[-1] - times[0])

    def _train(self, enough: Callable[[list[float]], bool]) -> list[float]:
        """Run the loop until told to stop; return when each step began, and the last ended."""
        times: list[float] = []
        self.reports.restart()
        start = time.perf_counter()

        def stop() -> bool:
            times.append(time.perf_counter() - start)
            return enough(times)

        train(self.parts, self.position, should_stop=stop)
        self.network.zero_grad(set_to_none=True)
        return times

    def bare(self, seconds: float) -> float:
        """Return images a second of yardstick (a): this network on random tensors, and no more.

        The same groups and the same way, recomputation included; floats already normalised, the
        sum of all outputs as the loss, no statistics to collect, no optimiser.
        """
        side = self.config.side
        pictures = torch.randn(self.images, 3, side, side, device=self.device)
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        groups = self._groups(self.config.bn_group, self.config.photos_per_batch)
        kind = self.device.type
        half = self.config.precision == "bf16" or (
            self.config.precision == "auto" and kind == "cuda"
        )

        def features(chosen: Tensor) -> Tensor:
            with torch.autocast(kind, torch.bfloat16, enabled=half):
                return self.network.backbone(chosen).float()

        def loss(outputs: dict[str, Tensor]) -> Tensor:
            return torch.stack([each.sum() for each in outputs.values()]).sum()

        return self._rate(pictures, groups, self.choice, features, loss, seconds)

    def a_forward_a_variant(self, seconds: float, pictures: Tensor, choice: Choice) -> float:
        """Return images a second of yardstick (b): V forwards of B pictures, one backward.

        Pictures are given rendered, bytes [B, V, 3, side, side]; the real losses; no decoding, no
        rendering and no optimiser, all of which the real step has to do.
        """
        photos = len(pictures)
        objective = Objective(
            self.parts.pretext.terms, self.parts.balance, self.parts.processes, photos
        )

        def loss(outputs: dict[str, Tensor]) -> Tensor:
            return objective({k: each.unflatten(0, (photos, -1)) for k, each in outputs.items()})

        groups = self._groups("variant", photos)
        # The released program compiles nothing.
        self.network.backbone_uncompile()
        rate = self._rate(
            pictures.flatten(0, 1), groups, choice, self.network.features, loss, seconds
        )
        if self.choice.compiled:
            self.network.backbone_compile()
        return rate

    def pictures(self) -> Tensor:
        """Render one batch."""
        fed = self.parts.fed(0, 0, lambda _phase: None)
        _batch, pictures = next(fed)
        fed.close()
        assert pictures is not None
        return pictures

    def kept(self, pictures: Tensor) -> Kept:
        """Return what the stepper estimates that a picture keeps."""
        return kept_try(self.network, self.parts.statistics, pictures.flatten(0, 1)[:2])

    def choice_all_graphs(self, pictures: Tensor) -> tuple[int, Choice]:
        """Return for how many photos (b) has memory, and how it computes.

        The way of the real step where that keeps all graphs; else plain, or blocks computed
        twice, by the stepper's estimate, since a CPU's memory that runs out ends the process.
        """
        if not self.choice.cached:
            return len(pictures), replace(self.choice, compiled=False)
        config = replace(self.config, bn_group="batch", memory="auto", chunk_images=0)
        kept, photos = self.kept(pictures), len(pictures)
        while True:
            try:
                memory, _why = way_fits(
                    config,
                    kept,
                    pictures=photos * self.views,
                    group=photos,
                    available=memory_available(self.device),
                    strict=True,
                )
                return photos, Choice(memory=memory)
            except MemoryShort:
                if photos == 1:
                    raise
                photos //= 2

    def _groups(self, bn_group: str, photos: int) -> Groups:
        chunk = self.config.chunk_images or self.choice.chunk
        return groups_make(bn_group, photos=photos, views=self.views, chunk=chunk)

    def _rate(
        self,
        pictures: Tensor,
        groups: Groups,
        choice: Choice,
        features: Callable[[Tensor], Tensor],
        loss: Loss,
        seconds: float,
    ) -> float:
        def step() -> None:
            self.network.zero_grad(set_to_none=True)
            bare_step(self.network, pictures, groups, choice, features, loss)
            if self.device.type == "cuda":
                torch.cuda.synchronize()

        self.network.train()
        if not self.long:
            step()
        steps, start = 0, time.perf_counter()
        while not steps or time.perf_counter() - start < seconds:
            step()
            steps += 1
        took = time.perf_counter() - start
        self.network.zero_grad(set_to_none=True)
        return len(pictures) * steps / took


def bare_step(
    network: PretextNetwork,
    pictures: Tensor,
    groups: Groups,
    choice: Choice,
    features: Callable[[Tensor], Tensor],
    loss: Loss,
) -> None:
    """Forward and backward the way of a choice, with nothing around it."""

    def forward(group: Tensor | slice) -> Tensor:
        twice = choice.checkpointed and torch.is_grad_enabled()
        with blocks_twice(network.backbone) if twice else nullcontext():
            return features(pictures[group])

    if not choice.cached:
        found = features_join([forward(group) for group in groups], groups)
        loss(network.outputs(found)).backward()
        return
    with torch.no_grad():
        found = features_join([forward(group) for group in groups], groups)
    found.requires_grad_()
    loss(network.outputs(found)).backward()
    for group in groups:
        forward(group).backward(found.grad[group])
