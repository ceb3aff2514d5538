"""One step, forward and backward, the way the configuration and the memory allow."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from models_app.training.config import TrainConfig
from models_app.training.errors import ConfigInvalid
from models_app.training.networks import Groups, PretextNetwork
from models_app.training.processes import Processes
from models_app.training.seeds import derive
from models_app.training.statistics import BatchStatistics
from models_app.training.steps.cached import cached_step
from models_app.training.steps.checkpointed import blocks_twice
from models_app.training.steps.choosing import Choice, memory_short, smaller, ways
from models_app.training.steps.groups import groups_make
from models_app.training.steps.memory import memory_available, out_of_memory
from models_app.training.steps.plain import plain_step
from models_app.training.steps.trials import cannot_compile, choice_make, compile_fault
from models_app.training.steps.work import Mark, Objective, Work


class Stepper:
    """Computes steps; BatchNorm's groups are the configuration's, all else is found once.

    Parameters
    ----------
    network, statistics
        On the device that computes.
    balance
        Also learns; its gradients are cleared with the network's.
    model
        A wrapper of the network that averages gradients over processes, where there is one.
    choice
        What an earlier run has found; None: found at the first step.
    log
        Told what was chosen.
    """

    def __init__(
        self,
        config: TrainConfig,
        network: PretextNetwork,
        statistics: BatchStatistics,
        *,
        balance: nn.Module | None = None,
        model: Callable[..., dict[str, Tensor]] | None = None,
        processes: Processes | None = None,
        choice: Mapping[str, Any] | None = None,
        log: Callable[[str], None] = lambda _text: None,
    ) -> None:
        ways(config)
        self.config = config
        self.network = network
        self.statistics = statistics
        self._balance = balance
        self._model = model
        self._processes = processes or Processes()
        self._log = log
        self.choice: Choice | None = None
        self._untried = False
        if choice is not None:
            self._take(Choice.from_json(choice))
            # It may have been made on another machine.
            self._untried = self._chosen.compiled

    @property
    def averaged(self) -> bool:
        """Whether the wrapper has averaged the gradients; gradient caching goes round it."""
        return self._model is not None and not (self.choice is not None and self.choice.cached)

    def step(
        self,
        pictures: Tensor,
        keep: Tensor | None,
        objective: Objective,
        *,
        step: int,
        places: Sequence[int],
        mark: Mark = lambda _phase: None,
        weight_statistics: bool = True,
    ) -> None:
        """Leave gradients in the weights, and statistics to commit or to drop.

        Where memory runs out it is done again in a way that needs less, if this process is alone.

        Parameters
        ----------
        pictures
            uint8 [B, V, 3, side, side].
        keep
            [B * V, F]; see `dropout.keep_masks`.
        step, places
            Number of the step, and place of each photo in the batch of all processes: what is
            random depends on these and the configuration's seed.
        weight_statistics
            Whether what BatchNorm measures counts; not in a process that has no photo of its own
            and computes along.

        Raises
        ------
        MemoryShort
            If it does not fit, naming what to change.
        ConfigInvalid
            If a group has too few pictures to be normalised together, or the backbone is to be
            compiled and cannot be.
        """
        if len(places) != len(pictures):
            raise ValueError(f"{len(pictures)} photos have {len(places)} places; each needs one.")
        self.network.train()
        if self.choice is None:
            found = self._processes.from_first(self._choose(pictures).to_json())
            assert isinstance(found, dict)
            self._take(Choice.from_json(found))
        record = self.statistics.record if weight_statistics else _nothing

        def work_make() -> Work:
            # Another chunk, where statistics are frozen, is another division into groups.
            groups = self._groups(pictures, step, places[0])
            forward = self._forward(step, places)
            return Work(
                pictures=pictures.flatten(0, 1),
                keep=keep,
                photos=len(pictures),
                groups=groups,
                objective=objective,
                forward=forward,
                record=record,
                mark=mark,
            )

        self._compile_try(pictures)
        while not self._try(work_make()):
            self._shrink(pictures.shape[0] * pictures.shape[1], pictures.device)

    def _compile_try(self, pictures: Tensor) -> None:
        """Find out whether a choice of an earlier run can be compiled here; else go on without."""
        if not self._untried:
            return
        self._untried = False
        group = pictures.flatten(0, 1)[self._groups(pictures, 0, 0)[0]]
        fault = compile_fault(self.network, self.statistics, group)
        if fault and self.config.compile == "on":
            raise cannot_compile(fault)
        if fault:
            why = f"cannot compile here ({fault})"
            self._take(replace(self._chosen, compiled=False, why=why))
        else:
            self.network.backbone_compile()

    def _forward(self, step: int, places: Sequence[int]) -> Callable[[int, Tensor], Tensor]:
        photo = self.config.bn_group == "photo"

        def forward(number: int, chosen: Tensor) -> Tensor:
            # The same draws when a group is computed a second time, and for a photo by itself also
            # in another process.
            place = (places[number],) if photo else (places[0], number)
            torch.manual_seed(derive(self.config.seed, "network", step, *place))
            return self._features(chosen)

        return forward

    def _try(self, work: Work) -> bool:
        """Return whether memory sufficed; the frames that held it are gone by then."""
        self._clear()
        self.statistics.begin()
        device = work.pictures.device
        try:
            with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
                self._compute(work)
        except (RuntimeError, MemoryError) as error:
            self.statistics.drop()
            if not out_of_memory(error):
                raise
            return False
        except ValueError as error:
            self.statistics.drop()
            raise self._explained(error) from error
        return True

    def _clear(self) -> None:
        for module in (self.network, self._balance):
            if module is not None:
                module.zero_grad(set_to_none=True)

    def _compute(self, work: Work) -> None:
        if self._chosen.cached:
            cached_step(self.network, work)
        else:
            plain_step(self._model or self.network, work)

    def _features(self, pictures: Tensor) -> Tensor:
        if self._chosen.checkpointed and torch.is_grad_enabled():
            with blocks_twice(self.network.backbone):
                return self.network.features(pictures)
        return self.network.features(pictures)

    def _groups(self, pictures: Tensor, step: int, first: int) -> Groups:
        config = self.config
        free = self.choice.chunk if self.choice and config.bn_group == "frozen" else 0
        return groups_make(
            config.bn_group,
            photos=pictures.shape[0],
            views=pictures.shape[1],
            chunk=config.chunk_images or free,
            seed=config.seed,
            step=step,
            first=first,
            device=pictures.device,
        )

    @property
    def _chosen(self) -> Choice:
        if self.choice is None:
            raise RuntimeError("Nothing is chosen before the first step.")
        return self.choice

    def _take(self, choice: Choice) -> None:
        self.choice = choice
        if choice.compiled:
            self.network.backbone_compile()
        else:
            self.network.backbone_uncompile()
        self._log(choice.text)

    def _choose(self, pictures: Tensor) -> Choice:
        flat = pictures.flatten(0, 1)
        try:
            return choice_make(
                self.config,
                self.network,
                self.statistics,
                flat,
                self._groups(pictures, 0, 0),
            )
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        raise memory_short(
            self.config, "more than there is for two pictures", memory_available(flat.device)
        )

    def _shrink(self, count: int, device: torch.device) -> None:
        """Go on to what needs less memory for so many pictures.

        Raises
        ------
        MemoryShort
            If there is nothing, or several processes train together, of which the others know
            nothing and wait.
        """
        self._clear()
        if device.type == "cuda":
            torch.cuda.empty_cache()
        chosen = self._chosen
        found = smaller(chosen, self.config, pictures=count)
        if found is None or self._processes.count > 1:
            needs = f"more than there is with {chosen.memory} for {count} pictures"
            raise memory_short(self.config, needs, memory_available(device))
        self._take(found)

    def _explained(self, error: ValueError) -> ValueError:
        if "more than 1 value per channel" not in str(error):
            return error
        return ConfigInvalid(
            f"bn_group is {self.config.bn_group}, and a group has one picture, whose last maps of "
            "one pixel cannot be normalised; raise photos_per_batch, chunk_images or side, or "
            "choose another bn_group.",
            "bn_group",
        )


def _nothing(_pictures: int) -> None:
    """In the place of `BatchStatistics.record` where a forward does not count."""
