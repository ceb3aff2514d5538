"""The photos of a dataset as a training takes them: by place, opened in threads."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from PIL import Image

from models_app.errors import JobInvalid
from models_app.imaging import PhotoRefused
from models_app.models import Dataset, Photo
from models_app.rendering import photo_open
from models_app.selectors import training as selectors

LEAST = 2


class DatasetPhotos:
    """What is not excluded, in the order of the hashes of the pixels.

    Nothing of it asks the database once it is built: threads of a training open the photos.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._rows = selectors.photo_rows(dataset)

    def __len__(self) -> int:
        return len(self._rows)

    def name(self, index: int) -> str:
        return self._rows[index].name

    def key(self, index: int) -> str:
        """Return the SHA-256 of the upright sRGB pixels."""
        return self._rows[index].pixel_sha256

    def split(self, index: int) -> str:
        return self._rows[index].split

    def open(self, index: int) -> Image.Image:
        """Return a photo, upright, sRGB, mode RGB. Raises PhotoRefused, saying why."""
        try:
            return photo_open(Photo(file=self._rows[index].file))
        except FileNotFoundError:
            raise PhotoRefused(_("its file is gone")) from None


def photos_check(dataset: Dataset) -> None:
    """Raises JobInvalid for a dataset that nothing can be learnt from."""
    splits = selectors.splits_counted(dataset)
    n = sum(splits.values())
    if n < LEAST:
        raise JobInvalid(
            ngettext(
                "Dataset %(name)s has %(n)d photo that is not excluded; training and validation "
                "need one each: import more.",
                "Dataset %(name)s has %(n)d photos that are not excluded; training and validation "
                "need one each: import more.",
                n,
            )
            % {"name": dataset.name, "n": n},
            "dataset",
        )
    if set(splits) != {""} and not splits.get("train"):
        raise JobInvalid(
            _(
                "Dataset %(name)s has a split without a photo to train on; import a list that "
                "names some."
            )
            % {"name": dataset.name},
            "dataset",
        )
