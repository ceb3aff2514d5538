import pytest

from models_app.jobs import registry, runner
from models_app.models import Job
from models_app.services import jobs
from tests import counting


@pytest.fixture
def launch(db, monkeypatch):
    """Launch a job that counts."""
    monkeypatch.setattr(registry, "REGISTRY", counting.registered())
    for module in (registry, runner, jobs):
        monkeypatch.setattr(module, "kind_get", counting.kind_of)

    def make(to: int = 5, **config: object) -> Job:
        options = {name: config.pop(name) for name in ("by", "priority") if name in config}
        return jobs.job_create(counting.KEY, {"to": to, **config}, **options)

    return make
