"""One task for test_broker: proof that a worker ran it."""

from pathlib import Path

from config.celery import app

NAME = "tests.config.leave_a_mark"


@app.task(name=NAME)
def leave_a_mark(path: str, text: str) -> None:
    Path(path).write_text(text)
