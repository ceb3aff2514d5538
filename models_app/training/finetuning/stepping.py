"""One step: forward, loss, backward, and the optimiser's move if all is finite."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim import Optimizer

from models_app.training.finetuning.config import FinetuneConfig
from models_app.training.finetuning.feeding import Batch
from models_app.training.finetuning.networks import JudgeNetwork, moves_statistics
from models_app.training.finetuning.stopping import chunks
from models_app.training.losses.emd import emd_root, emd_squares
from models_app.training.optimising import gradients_finite
from models_app.training.processes import Processes
from models_app.training.seeds import derive
from models_app.training.statistics import BatchStatistics
from models_app.training.stopwatch import Stopwatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepper:
    """Makes steps.

    Attributes
    ----------
    statistics, frozen_statistics
        Of batch normalisation: one that moves them, and one that keeps them.
    """

    config: FinetuneConfig
    network: JudgeNetwork
    optimiser: Optimizer
    statistics: BatchStatistics
    frozen_statistics: BatchStatistics
    processes: Processes
    device: torch.device

    def step(
        self, given: Batch, *, step: int, frozen: bool, kept: bool, clock: Stopwatch
    ) -> tuple[float, bool]:
        """Learn from a batch; a step that is not finite changes nothing.

        Parameters
        ----------
        step
            Its number; what a backbone draws depends on it.
        kept
            Whether the batch holds features.

        Returns
        -------
        float, bool
            The loss over all processes, and whether it and all gradients are finite.
        """
        network, config = self.network, self.config
        batch = given.to(self.device)
        clock.mark("decode")
        network.phase(frozen=frozen)
        moving = moves_statistics(config, frozen=frozen)
        statistics = self.statistics if moving else self.frozen_statistics
        statistics.begin()
        self.optimiser.zero_grad(set_to_none=True)
        torch.manual_seed(derive(config.seed, "step", step, self.processes.rank))
        local = self._backward(batch, statistics, kept=kept, clock=clock)
        self.processes.average(network.parameters())
        value, finite = self._read(local, batch)
        if finite:
            self.optimiser.step()
            statistics.commit(self.processes.sums if moving else None)
        else:
            statistics.drop()
        clock.mark("other")
        return value, finite

    def _backward(
        self, batch: Batch, statistics: BatchStatistics, *, kept: bool, clock: Stopwatch
    ) -> Tensor:
        """Leave gradients in the weights; return this process's part of the loss."""
        network, parts = self.network, []
        for chunk in chunks(len(batch.inputs), self.config.chunk_images):
            inputs = batch.inputs[chunk]
            features = inputs if kept else network.features(inputs)
            if not kept:
                statistics.record(len(inputs) if batch.own else 0)
            keep = None if batch.keep is None else batch.keep[chunk]
            loss = self._loss(network.judge(features, keep), batch.truth[chunk], batch)
            clock.mark("forward")
            loss.backward()
            clock.mark("backward")
            parts.append(loss.detach())
        return torch.stack(parts).sum()

    def _loss(self, logits: Tensor, truth: Tensor, batch: Batch) -> Tensor:
        """Return what, averaged over processes, is the loss of the whole batch."""
        squares = emd_squares(logits.softmax(1), truth)
        if self.config.emd_root == "batch":
            return emd_root(self.processes.means({"emd": squares.mean()}, batch.own)["emd"])
        counted = emd_root(squares).sum() * (self.processes.count / batch.total)
        return counted if batch.own else counted * 0

    def _read(self, local: Tensor, batch: Batch) -> tuple[float, bool]:
        """Ask the device once for loss and gradients, since each question makes it wait."""
        finite = gradients_finite(self.network.parameters())
        packed = torch.stack([local, finite.to(local.device).float()])
        value, good = (self.processes.sums(packed) / self.processes.count).tolist()
        return value, good == 1 and value - value == 0
