"""All benchmarks, one after the other: `make bench`."""

import subprocess
import sys

for module in (
    "bench.distortions",
    "bench.votes",
    "bench.clients",
    "bench.load",
    "bench.results_page",
    "bench.exports",
    "bench.jobs",
    "bench.jobs_dashboard",
    "bench.training",
    "bench.finetuning",
    "bench.scoring",
    "bench.evaluation",
):
    print(f"== {module}", flush=True)
    subprocess.run([sys.executable, "-m", module], check=True)
