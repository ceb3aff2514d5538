"""Leaks planted into the real application: middlewares that know the original and let it slip."""

import io
import json
import secrets
import time
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


def both_header(get_response: Answer) -> Answer:
    """The same header beside both pictures of a pair."""

    def inner(request):
        response = get_response(request)
        found = trial_of(request.path) if "/p/" in request.path else None
        if found:
            response["X-Pair"] = found[0].original_side[0]
        return response

    return inner


def both_longer(get_response: Answer) -> Answer:
    """Both files a byte longer where the original is on the left."""

    def inner(request):
        response = get_response(request)
        found = trial_of(request.path) if "/p/" in request.path else None
        if found and found[0].original_side == "left":
            response.content += b"\0"
            response["Content-Length"] = str(len(response.content))
        return response

    return inner


def both_slower(get_response: Answer) -> Answer:
    """Both pictures a moment later where the original is on the left."""

    def inner(request):
        found = trial_of(request.path) if "/p/" in request.path else None
        if found and found[0].original_side == "left":
            time.sleep(0.3)
        return get_response(request)

    return inner


def json_ahead(get_response: Answer) -> Answer:
    """The side in the entry of the next pair, gone when that pair is open."""

    def inner(request):
        response = get_response(request)
        if request.path.startswith("/api/survey/") and response.status_code == 200:
            body = json.loads(response.content)
            for entry in body["trials"][1:]:
                entry["o"] = Assignment.objects.get(token=entry["token"]).original_side
            response.content = json.dumps(body)
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
        open_trial = open_on(request)
        if open_trial:
            response.content = response.content.replace(b"</head>", preload(open_trial))
            response["Content-Length"] = str(len(response.content))
        return response

    return inner


def open_on(request: HttpRequest) -> Assignment | None:
    """The open trial where this is the pair page."""
    if not request.path.endswith("/pair/") or request.method != "GET":
        return None
    key = next(v for k, v in request.COOKIES.items() if k.startswith("participant-"))
    trials = Assignment.objects.filter(session__key=key, state="open").order_by("position")
    return trials.first()


def html_changed(change: Callable[[bytes, str], bytes], get_response: Answer) -> Answer:
    """The pair page changed by the side of the original, equally long for either."""

    def inner(request):
        response = get_response(request)
        open_trial = open_on(request)
        if open_trial:
            response.content = change(response.content, open_trial.original_side)
            response["Content-Length"] = str(len(response.content))
        return response

    return inner


def html_meta(get_response: Answer) -> Answer:
    def change(page: bytes, side: str) -> bytes:
        return page.replace(b"</head>", f'<meta name="o" content="{side[0]}"></head>'.encode())

    return html_changed(change, get_response)


def html_attributes(get_response: Answer) -> Answer:
    """Two attributes in another order."""

    def change(page: bytes, side: str) -> bytes:
        other = page.replace(
            b'alt="Left photo" draggable="false"', b'draggable="false" alt="Left photo"'
        )
        return other if side == "left" else page

    return html_changed(change, get_response)


def html_comment(get_response: Answer) -> Answer:
    """A comment with a letter in it, and a random word before."""

    def change(page: bytes, side: str) -> bytes:
        note = f"<!-- {secrets.token_hex(4)}{'+' if side == 'left' else '-'} -->"
        return page.replace(b"</body>", note.encode() + b"</body>")

    return html_changed(change, get_response)


def html_header(get_response: Answer) -> Answer:
    def inner(request):
        response = get_response(request)
        open_trial = open_on(request)
        if open_trial:
            response["X-Trial"] = open_trial.original_side[0]
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
