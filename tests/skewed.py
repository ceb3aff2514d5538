"""Imported by a worker: with PROOFSHEET_TEST_SKEW, a clock that is wrong by so many seconds."""

import os
import time
from datetime import timedelta

from django.utils import timezone

SKEW_S = float(os.environ.get("PROOFSHEET_TEST_SKEW", 0))

if SKEW_S:
    _time, _now = time.time, timezone.now
    time.time = lambda: _time() + SKEW_S
    timezone.now = lambda: _now() + timedelta(seconds=SKEW_S)
