"""How a simulated annotator sees pairs: one device a person, times that vary by trial."""

from dataclasses import dataclass
from math import exp

from survey.models import Vote
from survey.services.votes import Viewing
from survey.simulation.truth import Asked, normal, uniform

# What the page keeps free: around the pair, and above and below it, in CSS pixels.
MARGIN = 16
CHROME = 150
# Log-normal, as choice times are: median of people in milliseconds, spread within and between them.
MEDIAN_MS = 2600
WITHIN = 0.45
BETWEEN = 0.3
# Input before this is taken for a slip by the page; nobody looks longer than two minutes.
RANGE_MS = (300, 120_000)


@dataclass(frozen=True, slots=True)
class Device:
    # Share of annotators.
    share: float
    width: int
    height: int
    ratio: float
    layout: str


_WIDE, _TALL = Vote.Layout.SIDE_BY_SIDE.value, Vote.Layout.STACKED.value
# Shares are made up, sizes are common ones; a phone held upright stacks the pair.
DEVICES = (
    Device(0.24, 1920, 969, 1, _WIDE),
    Device(0.16, 1440, 789, 2, _WIDE),
    Device(0.14, 1536, 730, 1.25, _WIDE),
    Device(0.11, 1366, 657, 1, _WIDE),
    Device(0.05, 2560, 1297, 1, _WIDE),
    Device(0.12, 390, 664, 3, _TALL),
    Device(0.09, 412, 785, 2.625, _TALL),
    Device(0.05, 820, 1106, 2, _TALL),
    Device(0.04, 844, 340, 3, _WIDE),
)


def device_of(seed: int, annotator: int) -> Device:
    drawn = uniform(seed, "device", annotator)
    for device in DEVICES:
        drawn -= device.share
        if drawn < 0:
            return device
    return DEVICES[0]


def viewing_make(seed: int, asked: Asked, *, width: int, height: int) -> Viewing:
    """Return how the trial was seen; width and height are pixels of either picture."""
    device = device_of(seed, asked.annotator)
    about = (asked.annotator, asked.photo, asked.condition)
    stacked = device.layout == _TALL
    room_x = device.width - 2 * MARGIN if stacked else (device.width - 3 * MARGIN) / 2
    room_y = (device.height - CHROME - MARGIN) / 2 if stacked else device.height - CHROME
    # Never larger than one screen pixel a pixel of the picture.
    scale = min(room_x / width, room_y / height, 1 / device.ratio)
    spread = BETWEEN * normal(seed, "pace", asked.annotator) + WITHIN * normal(seed, "time", *about)
    low, high = RANGE_MS
    return Viewing(
        response_ms=round(min(max(MEDIAN_MS * exp(spread), low), high)),
        viewport_width=device.width,
        viewport_height=device.height,
        device_pixel_ratio=device.ratio,
        rendered_width=round(scale * width, 2),
        rendered_height=round(scale * height, 2),
        layout=device.layout,
        focus_losses=int(uniform(seed, "focus", *about) < 0.02),
    )
