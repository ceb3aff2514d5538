"""What static analysis cannot see: dotted strings and imports inside functions."""

import os
import subprocess
import sys

WEB = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
import django
django.setup()
from importlib import import_module
from django.apps import apps
from django.urls import get_resolver
def resolve(patterns):
    for pattern in patterns:
        resolve(pattern.url_patterns) if hasattr(pattern, "url_patterns") else pattern.callback
resolve(get_resolver().url_patterns)
for app in apps.get_app_configs():
    try:
        import_module(f"{app.name}.tasks")
    except ModuleNotFoundError as error:
        if error.name != f"{app.name}.tasks": raise
import models_app.tasks, config.celery, config.wsgi
from survey.kinds import REGISTRY, kind_get
[kind_get(key) for key in REGISTRY]
from django.test import Client
from django.test.utils import setup_test_environment
setup_test_environment()
from django.core.management import call_command
from django.db import connection
connection.creation.create_test_db(verbosity=0, autoclobber=True)
for url in ("/", "/about/", "/login/", "/s/none/"):
    assert Client().get(url).status_code in (200, 404), url
print(sorted(name for name in sys.modules if name.split(".")[0] in {"torch", "torchvision"})[:3])
"""

ANALYSIS = """
import sys, pkgutil, importlib
import analysis
for module in pkgutil.walk_packages(analysis.__path__, "analysis."):
    importlib.import_module(module.name)
print(sorted(name for name in sys.modules if name in {"django", "torch", "celery"}))
"""

DISTORTIONS = """
import sys
import models_app.distortions.render, models_app.distortions.registry, models_app.imaging
print(sorted(name for name in sys.modules if name in {"django", "celery", "rest_framework"}))
"""


# As on a machine that has a GPU and little else: what is not installed cannot be found.
TRAINING = """
import sys
absent = {"django", "rest_framework", "celery", "matplotlib", "timm", "tensorboard"}
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in absent:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Absent())
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name in absent else real(name, *more)
import torch
torch.set_num_threads(1)
from pathlib import Path
from tempfile import mkdtemp
from models_app.training.pretraining import pretrain
from tests.models_app.training.runs import NAMES, DemoPhotos, tiny
folder = Path(mkdtemp())
outcome = pretrain(tiny(epochs=1), DemoPhotos(NAMES[:4]), folder)
assert outcome.state == "finished"
assert (folder / "results" / "rank_accuracy.csv").is_file()
assert not list(folder.glob("results/*.svg"))
print(sorted(name for name in sys.modules if name.split(".")[0] in absent))
"""


def run(program: str) -> str:
    # Where tests run on PostgreSQL, this one's database is in use by them.
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def test_the_web_process_never_imports_torch():
    assert run(WEB) == "[]"


def test_analysis_imports_no_framework():
    assert run(ANALYSIS) == "[]"


def test_distortions_run_without_django():
    assert run(DISTORTIONS) == "[]"


def test_training_runs_with_torch_and_little_else():
    assert run(TRAINING) == "[]"
