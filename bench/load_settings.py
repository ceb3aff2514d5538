"""Settings of bench.load: those of one machine, without limits on how often one client calls."""

from config.settings.dev import *  # noqa: F403 - the settings of `make run`, and one more address

ROOT_URLCONF = "bench.load_site"
API_PER_MINUTE = {"participant": 0, "stranger": 0, "staff": 0, "docs": 0}
STARTS_PER_MINUTE = 0
