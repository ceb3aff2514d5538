"""Planning beside people who vote, on real transactions."""

import threading

import pytest
from django.db import connection

from models_app.models import Dataset, Photo, SurveySource
from models_app.services.datasets import photos_import
from models_app.services.renditions import renditions_plan
from survey.services.sessions import session_start
from survey.services.stimuli import pairs_expect
from survey.services.surveys import survey_create, survey_open

PHOTOS = 230


@pytest.mark.django_db(transaction=True)
def test_many_photos_are_planned_while_others_write(real_photos):
    photos_import("many", {real_photos[2]: "coffee.png"})
    dataset = Dataset.objects.get()
    values = {
        field.attname: getattr(Photo.objects.get(), field.attname)
        for field in Photo._meta.concrete_fields
        if not field.primary_key
    }
    Photo.objects.bulk_create(
        Photo(**{**values, "name": f"{n}.png", "file_sha256": f"f{n}", "pixel_sha256": f"p{n}"})
        for n in range(1, PHOTOS)
    )
    survey = survey_create("study", title="A study", settings={"long_side": 128})
    pairs_expect(survey.pk, 80 * PHOTOS)
    survey_open(survey)
    source = SurveySource.objects.create(
        survey=survey, dataset=dataset, preset="pfister2021", long_side=128, encoding="jpeg"
    )
    over, began = threading.Event(), []

    def people() -> None:
        try:
            while not over.is_set():
                began.append(session_start(survey, origin="person").pk)
        finally:
            connection.close()

    others = threading.Thread(target=people)
    others.start()
    try:
        assert renditions_plan(source) == 81 * PHOTOS
    finally:
        over.set()
        others.join()
    assert began
