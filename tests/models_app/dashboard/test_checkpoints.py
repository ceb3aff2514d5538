"""The pages of checkpoints: the form of an import, its file, the list, deleting."""

import io

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from models_app.models import Checkpoint, Job
from models_app.networks.architectures import architecture_keys
from models_app.services import checkpoints
from tests.findings import ARCHITECTURE, INPUT, checkpoint_make, nima_launch, photos_make
from tests.jobs import work_all

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.django_db
FORM = reverse("models_dashboard:checkpoint_import")
LIST = reverse("models_dashboard:checkpoints")


def fields(**changes: object) -> dict[str, object]:
    values = {"name": "net", "architecture": ARCHITECTURE, "seed": 0, **INPUT}
    return {**{f"option-{name}": value for name, value in values.items()}, **changes}


def weights_file(name: str = "net.pth") -> SimpleUploadedFile:
    from models_app.networks.building import network_random

    out = io.BytesIO()
    torch.save(network_random(ARCHITECTURE, seed=2).module.state_dict(), out)
    return SimpleUploadedFile(name, out.getvalue())


def test_an_upload_becomes_a_checkpoint(manager):
    response = manager.post(FORM, fields(weights="upload", file=weights_file("../../my net.pth")))
    job = Job.objects.get()
    assert response.url == reverse("models_dashboard:job", args=[job.pk])
    assert job.config["source"] == "my net.pth"
    work_all()
    made = Checkpoint.objects.get()
    assert (made.name, made.is_random, made.created_by) == ("net", False, "mia")
    target = manager.get(reverse("models_dashboard:job_results_import_checkpoint", args=[job.pk]))
    assert target.url == reverse("models_dashboard:checkpoint", args=[made.pk])
    page = manager.get(target.url).content.decode()
    assert made.sha256 in page
    assert "ImageNet’s mean and sd" in page


def test_random_weights_are_a_choice_of_their_own(manager):
    manager.post(FORM, fields(weights="random", **{"option-seed": 9}))
    work_all()
    made = Checkpoint.objects.get()
    assert (made.is_random, made.source) == (True, "random, seed 9")
    assert (
        "Random weights: scores mean nothing."
        in manager.get(reverse("models_dashboard:checkpoint", args=[made.pk])).content.decode()
    )


def test_a_file_of_the_server_is_a_choice(manager, settings, tmp_path):
    settings.VAR = tmp_path
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    (folder / "lab.pth").write_bytes(weights_file().read())
    page = manager.get(FORM, {"architecture": ARCHITECTURE}).content.decode()
    assert "<option>lab.pth</option>" in page
    assert str(tmp_path) not in page
    manager.post(FORM, fields(weights="server", server_file="lab.pth"))
    work_all()
    assert Checkpoint.objects.get().source == "lab.pth"


@pytest.mark.parametrize("key", ["nima_vgg16", "nima_inception_v3", "torchvision:swin_t"])
def test_the_form_is_filled_in_as_published(manager, key: str):
    from models_app.networks.architectures import architecture_get

    page = manager.get(FORM, {"architecture": key}).content.decode()
    found = architecture_get(key).preprocessing
    assert f'value="{found.resize}"' in page
    assert f'value="{found.normalisation}" selected' in page
    assert "a wrong choice shifts every score without an error" in page
    assert ("WITHOUT ImageNet’s mean and sd" in page) == (key == "nima_vgg16")


def test_every_architecture_has_a_form(manager):
    for key in architecture_keys():
        assert manager.get(FORM, {"architecture": key}).status_code == 200
    assert "option-name" not in manager.get(FORM, {"architecture": "no"}).content.decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"weights": "upload"}, "There is no file; choose one"),
     ({"weights": "server", "server_file": "../x.pth"}, "There is no file"),
     ({"weights": "random", "option-name": ""}, "Name is missing"),
     ({"weights": "random", "option-crop": "100"}, "more than resize"),
     ({"weights": "random", "option-resize": "many"}, "resize"),
     ({"weights": "random", "option-normalisation": "own"}, "three numbers")],
)  # fmt: skip
def test_what_is_wrong_is_said_and_the_rest_is_kept(manager, changes, said: str):
    response = manager.post(FORM, fields(**{"option-source": "from a paper", **changes}))
    assert response.status_code == 400
    page = response.content.decode()
    assert said in page
    assert 'value="from a paper"' in page
    assert not Job.objects.exists()


def test_a_file_that_is_no_file_of_weights_is_refused(manager):
    file = SimpleUploadedFile("page.html", b"<script>")
    page = manager.post(FORM, fields(weights="upload", file=file)).content.decode()
    assert page.count("is no file of weights by its name") == 1


def test_too_much_is_refused_before_it_is_read(manager, settings):
    settings.CHECKPOINT_MAX_BYTES = 1000
    file = SimpleUploadedFile("net.pth", b"x" * 1_200_000)
    response = manager.post(FORM, fields(weights="upload", file=file))
    assert response.status_code == 413
    assert "save the weights alone" in response.content.decode()
    assert not Job.objects.exists()


def test_a_post_needs_the_forms_token(manager):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = manager.cookies
    assert strict.post(FORM, fields(weights="random")).status_code == 403
    assert not Job.objects.exists()


def test_who_may_do_what(client, outsider, analyst):
    made = checkpoint_make()
    page = reverse("models_dashboard:checkpoint", args=[made.pk])
    remove = reverse("models_dashboard:checkpoint_delete", args=[made.pk])
    for person, seen in ((client, 302), (outsider, 403), (analyst, 200)):
        assert person.get(LIST).status_code == seen
        assert person.get(page).status_code == seen
        assert person.get(FORM).status_code == (302 if person is client else 403)
        assert person.post(FORM, fields(weights="random")).status_code in {302, 403}
        assert person.post(remove).status_code in {302, 403}
    assert Checkpoint.objects.count() == Job.objects.count() == 1
    assert "delete" not in analyst.get(page).content.decode()


def test_deleting_is_refused_while_results_refer_to_it(manager, real_photos):
    photos_make(real_photos[:1])
    made = checkpoint_make()
    job = nima_launch(made)
    remove = reverse("models_dashboard:checkpoint_delete", args=[made.pk])
    said = manager.post(remove, follow=True).content.decode()
    assert f"jobs refer to it (#{job.pk})" in said
    job.delete()
    said = manager.post(remove, follow=True).content.decode()
    assert "Checkpoint random net is deleted." in said
    assert not default_storage.exists(made.file)


def test_the_list_and_its_queries(analyst, real_photos, django_assert_num_queries):
    photos_make(real_photos[:1])
    nima_launch(checkpoint_make("<i>one"))
    checkpoint_make("two")
    # Session, person, role, checkpoints with the number of their jobs.
    with django_assert_num_queries(4):
        page = analyst.get(LIST).content.decode()
    assert "&lt;i&gt;one" in page
    assert "1 job<" in page
    assert "0 jobs<" in page
    assert "NIMA on MobileNetV2" in page


def test_the_cap_is_said_where_the_file_is_chosen(manager, settings):
    settings.CHECKPOINT_MAX_BYTES = 700_000_000
    assert checkpoints.max_bytes() == 700_000_000
    page = manager.get(FORM, {"architecture": ARCHITECTURE}).content.decode()
    assert "up to 700 MB" in page
    assert 'data-most="700000000"' in page
