"""From the click to the work, jobs a second, and what reporting costs a training loop.

Usage: python -m bench.jobs

A private redis-server, one worker with one process, SQLite: what `make run` starts. Yardsticks in
the same run: a bare Celery task that writes the time down, and the same loop without a report.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
SMALL = 300
CLICKS = 20
ROUNDS = 5


def setup(var: Path) -> None:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "PROOFSHEET_VAR": str(var),
        "DATABASE_URL": f"sqlite:///{var / 'bench.sqlite3'}",
        "PROOFSHEET_TEST_COUNTING": "1",
    }


def django_start() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from tests import counting

    counting.install()


def worker_start() -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-W", "ignore", "-m", "celery", "-A", "config", "-q", "worker", "-Q",
        "cpu", "-c", "1", "-l", "ERROR", "-I", "tests.counting,tests.config.broker_task",
        "--without-gossip", "--without-mingle",
    ]  # fmt: skip
    return subprocess.Popen(command, cwd=ROOT)


def launch(**config: object):
    from models_app.services.jobs import job_create

    return job_create("counting", {"to": 0, **config}, audited=False)


def finished(pk: int) -> None:
    from models_app.models import Job

    while Job.objects.values_list("finished_at", flat=True).get(pk=pk) is None:
        time.sleep(0.002)


def wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.0005)


def clicks(var: Path) -> None:
    """Milliseconds from the call that a click makes until the work begins."""
    from config import celery_app
    from tests.config.broker_task import NAME

    bare, ours = [], []
    for click in range(CLICKS):
        for times, start in (
            (bare, lambda mark: celery_app.send_task(NAME, (mark, "x"))),
            (ours, lambda mark: launch(to=1, ledger=mark)),
        ):
            mark = var / f"mark-{click}-{id(times)}"
            since = time.perf_counter()
            start(str(mark))
            wait_for(mark)
            times.append(1000 * (time.perf_counter() - since))
            time.sleep(0.1)
    for name, times in (("bare Celery task", bare), ("job", ours)):
        print(f"click to start, {name}: median {statistics.median(times):.1f} ms, "
              f"max {max(times):.1f} ms (n = {len(times)})")  # fmt: skip
    print(f"  ratio of medians: {statistics.median(ours) / statistics.median(bare):.1f}")


def small_jobs(var: Path) -> None:
    from config import celery_app
    from tests.config.broker_task import NAME

    since = time.perf_counter()
    for number in range(SMALL):
        celery_app.send_task(NAME, (str(var / f"task-{number}"), "x"))
    wait_for(var / f"task-{SMALL - 1}")
    bare = SMALL / (time.perf_counter() - since)
    since = time.perf_counter()
    jobs = [launch(to=1) for _number in range(SMALL)]
    sent = time.perf_counter() - since
    finished(jobs[-1].pk)
    ours = SMALL / (time.perf_counter() - since)
    launched = SMALL / sent
    print(
        f"small jobs, each with a point, a file and a result: {ours:.0f} a second "
        f"({launched:.0f} a second launched); bare Celery tasks: {bare:.0f} a second"
    )


def training_like(report: Callable[[int, float], None], photos: int, steps: int) -> float:
    """Seconds of a small network's training steps on batches of so many small photos."""
    import torch

    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 16, 3), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(), torch.nn.Linear(16, 10),
    )  # fmt: skip
    optimiser = torch.optim.SGD(network.parameters(), lr=0.01)
    batch, wanted = torch.rand(photos, 3, 96, 96), torch.randint(10, (photos,))
    since = time.perf_counter()
    for step in range(steps):
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(batch), wanted)
        loss.backward()
        optimiser.step()
        report(step, loss.item())
    return time.perf_counter() - since


def overhead(photos: int, steps: int) -> None:
    """Share of a training loop's time that four curves, progress and heartbeats cost.

    What the loop spends in reports, and what the reporting thread spends on a processor: the
    difference between two runs of a loop is smaller than what two equal runs differ by here.
    """
    import torch

    from models_app.jobs.context import Context
    from models_app.jobs.runner import _beating
    from models_app.services.leases import job_claim, job_end

    torch.set_num_threads(1)
    shares, steps_ms = [], []
    for _round in range(ROUNDS):
        launch(queue="gpu")
        job = job_claim("gpu", worker="bench")
        assert job is not None
        context = Context(job)
        spent = {"loop": 0.0, "thread": 0.0}
        real = context.flush

        def flush(real: Callable[[], None] = real, spent: dict[str, float] = spent) -> None:
            since = time.thread_time()
            real()
            spent["thread"] += time.thread_time() - since

        def report(
            step: int, loss: float, context: Context = context, spent: dict[str, float] = spent
        ) -> None:
            since = time.perf_counter()
            for name in ("loss", "rank", "class", "rate"):
                context.metric(name, step, loss)
            context.progress(step, steps)
            context.check()
            spent["loop"] += time.perf_counter() - since

        context.flush = flush  # type: ignore[method-assign]
        with _beating(context):
            took = training_like(report, photos, steps)
        context.flush()
        job_end(job, "succeeded", worked_s=0)
        shares.append(100 * (spent["loop"] + spent["thread"]) / took)
        steps_ms.append(1000 * took / steps)
    print(f"a training-like loop of {statistics.median(steps_ms):.1f} ms a step that reports 4 "
          f"curves and progress every step: {statistics.median(shares):.2f} % of its time "
          f"(rounds: {', '.join(f'{share:.2f}' for share in shares)})")  # fmt: skip


def main() -> None:
    from bench.machine import machine
    from config.broker import broker_pick, redis_answers, redis_socket

    print(machine())
    with tempfile.TemporaryDirectory(prefix="b") as folder:
        var = Path(folder)
        setup(var)
        redis = subprocess.Popen(broker_pick(None, var=var, start=True).server_command)
        while not redis_answers(redis_socket(var)):
            time.sleep(0.05)
        django_start()
        worker = worker_start()
        try:
            finished(launch().pk)
            clicks(var)
            small_jobs(var)
        finally:
            worker.terminate()
            worker.wait()
        # A step of a tiny network, and one as short as a real one gets.
        overhead(photos=8, steps=500)
        overhead(photos=96, steps=100)
        redis.terminate()
        redis.wait()


if __name__ == "__main__":
    main()
