from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image

from models_app.imaging import open_photo


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that wait for each other on a busy machine are slow."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def photos(real_photos: list[Path]) -> dict[str, Image.Image]:
    """Real photos, portrait and landscape, as the import leaves them."""
    return {path.stem: open_photo(path) for path in real_photos}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Path]:
    """An empty cache of torch; the folder of its files."""
    before = torch.hub.get_dir()
    torch.hub.set_dir(str(tmp_path / "hub"))
    checkpoints = tmp_path / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    yield checkpoints
    torch.hub.set_dir(before)
