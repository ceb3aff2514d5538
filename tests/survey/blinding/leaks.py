"""Leaks planted into the real application: middlewares that know the original and let it slip."""

import io
import json
from collections.abc import Callable

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from PIL import Image

from survey.models import Assignment, Stimulus, Survey

Answer = Callable[[HttpRequest], HttpResponse]


def trial_of(path: str) -> tuple[Assignment, str] | None:
    """The trial and side of a picture's address."""
    token = path.rpartition("/")[2]
    trial = Assignment.objects.filter(Q(left_token=token) | Q(right_token=token)).first()
    return trial and (trial, "left" if trial.left_token == token else "right")


def is_original(path: str) -> bool | None:
    found = trial_of(path) if "/p/" in path else None
    return found and found[1] == found[0].original_side


def header(get_response: Answer) -> Answer:
    def inner(request):
        response = get_response(request)
        original = is_original(request.path)
        if original is not None:
            response["X-Cache-Group"] = "a" if original else "b"
        return response

    return inner


def header_order(get_response: Answer) -> Answer:
    """The same headers for both, in another order."""

    def inner(request):
        response = get_response(request)
        if is_original(request.path):
            kind = response["Content-Type"]
            del response["Content-Type"]
            response["Content-Type"] = kind
        return response

    return inner


def unpadded(get_response: Answer) -> Answer:
    """As if the view sent the file as it is stored."""

    def inner(request):
        response = get_response(request)
        if is_original(request.path) is not None:
            response.content = response.content.rstrip(b"\0")
            response["Content-Length"] = str(len(response.content))
        return response

    return inner


def marked_padding(get_response: Answer) -> Answer:
    """Padding that tells which file needed it is content; what is written there is not."""

    def inner(request):
        response = get_response(request)
        original = is_original(request.path)
        if original is not None:
            response.content = response.content + (b"\1" if original else b"\0")
            response["Content-Length"] = str(len(response.content))
        return response

    return inner


def json_order(get_response: Answer) -> Answer:
    """The original's address first in every pair."""

    def inner(request):
        response = get_response(request)
        if request.path.startswith("/api/survey/") and response.status_code == 200:
            body = json.loads(response.content)
            body["trials"] = [original_first(trial) for trial in body["trials"]]
            response.content = json.dumps(body)
            response["Content-Length"] = str(len(response.content))
        return response

    return inner


def original_first(entry: dict) -> dict:
    trial = Assignment.objects.get(token=entry["token"])
    first = trial.original_side
    rest = {key: value for key, value in entry.items() if key != first}
    return {first: entry[first], **rest}


def html_order(get_response: Answer) -> Answer:
    """A page that asks for the pictures early, the original's first."""

    def inner(request):
        response = get_response(request)
        if request.path.endswith("/pair/") and request.method == "GET":
            key = next(v for k, v in request.COOKIES.items() if k.startswith("participant-"))
            trial = Assignment.objects.filter(session__key=key, state="open").order_by("position")
            for open_trial in trial[:1]:
                response.content = response.content.replace(b"</head>", preload(open_trial))
        return response

    return inner


def preload(trial: Assignment) -> bytes:
    tokens = [trial.left_token, trial.right_token]
    if trial.original_side == "right":
        tokens.reverse()
    root = f"/s/{trial.survey.slug}/p/"
    links = "".join(f'<link rel="preload" as="image" href="{root}{token}">' for token in tokens)
    return f"{links}</head>".encode()


def originals_rewrite(survey: Survey, change: Callable[[bytes], bytes]) -> None:
    """Store the originals anew, changed, with the lengths that the survey pads by."""
    for stimulus in Stimulus.objects.filter(survey=survey, condition=None):
        with default_storage.open(stimulus.file) as file:
            content = change(file.read())
        stimulus.file = default_storage.save("stimuli/changed", ContentFile(content))
        stimulus.bytes = len(content)
        stimulus.save(update_fields=["file", "bytes"])


def with_comment(content: bytes) -> bytes:
    comment = b"as taken"
    return content[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + content[2:]


def with_exif(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as image:
        exif = image.getexif()
        exif[0x010F] = "Camera"
        out = io.BytesIO()
        image.save(out, "JPEG", quality=95, subsampling=0, exif=exif)
    return out.getvalue()


def saved_anew(content: bytes, form: str = "JPEG", **options: object) -> bytes:
    with Image.open(io.BytesIO(content)) as image:
        out = io.BytesIO()
        image.save(out, form, **options)
    return out.getvalue()


def one_row_less(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as image:
        out = io.BytesIO()
        smaller = image.crop((0, 0, image.width, image.height - 1))
        smaller.save(out, "JPEG", quality=95, subsampling=0)
    return out.getvalue()
