"""States of a training in the storage: any worker goes on from them."""

import time
from math import inf
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from models_app.errors import JobError
from models_app.jobs.context import Context
from models_app.jobs.patience import patiently
from models_app.models import JobArtifact
from models_app.services import training

TAR = "application/x-tar"
# A training of a few photos saves every second; so long what it does since may be lost.
EVERY_S = 20.0


class States:
    """Uploads what a training saved, and brings it back.

    A state is stored first and named on the job then: a worker that dies in between leaves the one
    before, and a file that is replaced at the next attempt.
    """

    def __init__(self, context: Context, folder: Path, *, keep: int) -> None:
        self._context = context
        self.folder = folder
        self._keep = keep
        self._known: list[dict[str, Any]] = list(context.resume.get("states", []))
        # Saved on this machine only.
        self._newest: Path | None = None
        # The first is stored at once: a worker that dies soon does not begin again and again.
        self._stored_at = -inf

    @property
    def step(self) -> int:
        """Of the newest state; 0 before the first."""
        return int(self._known[-1]["step"]) if self._known else 0

    def fetch(self) -> bool:
        """Unpack the newest state that is whole; False where there was none to begin with.

        Raises JobError where states were saved and none is whole.
        """
        lost = bool(self._known)
        while self._known:
            state = self._known[-1]
            wrong = training.folder_fetch(
                self._context.job, state["name"], state["sha256"], self.folder
            )
            if not wrong:
                return True
            words = {"gone": _("is gone"), "damaged": _("is damaged")}[wrong]
            self._context.log(
                _("the state of step %(step)d %(wrong)s; the one before is taken")
                % {"step": self.step, "wrong": words}
            )
            self._known.pop()
        if lost:
            raise JobError(
                _("None of the saved states is whole; clone this job to train from the start.")
            )
        if self._context.job.attempt > 1:
            self._context.log(_("nothing had been saved; begins again"))
        return False

    def saved(self, state: Path) -> None:
        """Take note of a state on this machine; upload it where that is due. Raises LeaseLost."""
        self._newest = state
        if self._context.stopping or time.monotonic() - self._stored_at >= EVERY_S:
            self.store()

    def store(self) -> None:
        """Upload the newest state with what else it takes to go on. Raises LeaseLost."""
        if self._newest is None:
            return
        state, self._newest = self._newest, None
        step = int(state.name)
        name = f"state-{step:08d}.tar"
        packed = self.folder.parent / name
        others = [path for path in (self.folder / "states").iterdir() if path.name != state.name]
        training.folder_pack(self.folder, packed, without=[*others, self.folder / "results"])
        made: list[JobArtifact] = []
        try:
            patiently(lambda: made.append(self._context.artifact(name, packed, TAR)))
        finally:
            packed.unlink(missing_ok=True)
        states = [each for each in self._known if each["step"] < step]
        states.append({"name": name, "sha256": made[0].sha256, "step": step})
        self._known = states[-self._keep :]
        self._context.save(states=self._known)
        self._stored_at = time.monotonic()
        stale = {each["name"] for each in states[: -self._keep]}
        patiently(lambda: training.artifacts_drop(self._context.job, stale))

    def drop(self) -> None:
        """Delete them all, once nobody goes on from them."""
        names = [each["name"] for each in self._known]
        patiently(lambda: training.artifacts_drop(self._context.job, names))
