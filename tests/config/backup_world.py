"""What a backup has to bring back; run as a program, on the database that the settings name.

make   photos, a survey with stimuli and votes, an account
write  go on importing photos and voting until killed, a line a round
look   print rows by table and SHA-256 by stored file, and whether each row has its file, as JSON
"""

import hashlib
import json
import os
import sys
from itertools import count

import django

VOTES = 6


def make() -> None:
    from django.contrib.auth.models import User

    from models_app.datasets.demo import demo_photos
    from models_app.services.datasets import photos_import
    from tests.factories import survey_make

    User.objects.create_superuser("ada", password="correct horse")
    photos_import("demo", {path: path.name for path in list(demo_photos())[:3]})
    survey = survey_make()
    vote(survey, VOTES // 2)
    vote(survey, VOTES // 2)


def vote(survey, votes: int) -> None:
    from survey.services.leasing import trials_lease
    from survey.services.votes import Viewing, vote_record
    from tests.factories import session_make

    session = session_make(survey)
    viewing = Viewing(1234, 1440, 900, 2, 512.5, 384, "side-by-side")
    progress = trials_lease(session)
    for _ in range(votes):
        progress = vote_record(
            session, token=progress.trials[0].token, answer="left", viewing=viewing
        )


def write() -> None:
    from survey.models import Survey
    from survey.services.stimuli import stimuli_register
    from tests.factories import CONDITIONS, picture_make

    survey = Survey.objects.get()
    for number in count(100):
        pictures = [picture_make(number, condition) for condition in (None, *CONDITIONS)]
        stimuli_register(survey.pk, pictures)
        vote(survey, 2)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


def look() -> None:
    from django.apps import apps
    from django.core.files.storage import default_storage

    from config.backups.files import names_list
    from models_app.models import Photo
    from survey.models import Stimulus

    files = {}
    for name in names_list(default_storage):
        with default_storage.open(name) as file:
            files[name] = hashlib.sha256(file.read()).hexdigest()
    models = apps.get_models(include_auto_created=True)
    rows = {model._meta.db_table: model._default_manager.count() for model in models}
    named = {*Photo.objects.values_list("file", flat=True)}
    named |= {*Stimulus.objects.values_list("file", flat=True)}
    photos = dict(Photo.objects.values_list("file", "file_sha256"))
    whole = all(files.get(name) == digest for name, digest in photos.items())
    found = {"rows": rows, "files": files, "missing": sorted(named - set(files)), "whole": whole}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    django.setup()
    {"make": make, "write": write, "look": look}[sys.argv[1]]()
