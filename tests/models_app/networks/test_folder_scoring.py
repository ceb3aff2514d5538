"""Photos of a folder: decoded ahead, scored in order, what cannot be read is named."""

import threading
from pathlib import Path

import pytest

from models_app.imaging import open_photo
from models_app.networks import folder_scoring
from models_app.networks.building import Network, network_random
from models_app.networks.folder_scoring import BATCHES_AHEAD, files_score
from models_app.networks.preprocessing import IMAGENET, Preprocessing
from models_app.networks.scoring import TOLERANCE, Refused, Score, score

SMALL = Preprocessing(40, 32, mean=IMAGENET[0], std=IMAGENET[1])


@pytest.fixture(scope="module")
def network() -> Network:
    return network_random("nima_mobilenet_v2", seed=1, preprocessing=SMALL, spread=True)


def test_scores_are_those_of_one_photo_at_a_time(real_photos: list[Path], network):
    files = [(path.name, path) for path in real_photos]
    batches = list(files_score(files, network, batch_size=3, decoders=2))
    assert [len(batch) for batch in batches] == [3, 3, 1]
    found = [each for batch in batches for each in batch]
    assert [each.key for each in found] == [name for name, _path in files]
    for each, path in zip(found, real_photos, strict=True):
        assert isinstance(each, Score)
        alone = next(iter(score([("", open_photo(path))], network)))
        assert each.distribution == pytest.approx(alone.distribution, abs=TOLERANCE)
        assert (each.mean, each.sd) == pytest.approx((alone.mean, alone.sd), abs=10 * TOLERANCE)
        assert sum(each.distribution) == pytest.approx(1)


def test_what_cannot_be_read_stands_in_its_place(real_photos: list[Path], network, tmp_path):
    (tmp_path / "text.jpg").write_text("no photo")
    (tmp_path / "cut.jpg").write_bytes(real_photos[0].read_bytes()[:2000])
    paths = [tmp_path / "text.jpg", real_photos[1], tmp_path / "cut.jpg", tmp_path / "none.jpg"]
    files = [(path.name, path) for path in paths]
    (found,) = files_score(files, network, batch_size=8)
    kinds = [type(each) for each in found]
    assert kinds == [Refused, Score, Refused, Refused]
    reasons = [each.reason for each in found if isinstance(each, Refused)]
    assert reasons[0].startswith("it is not a JPEG")
    assert "damaged" in reasons[1]
    assert reasons[2] == "it cannot be read (No such file or directory)"
    (all_bad,) = files_score(files[:1], network)
    assert isinstance(all_bad[0], Refused)


def test_a_photo_larger_than_allowed_is_refused_before_it_is_decoded(real_photos, network):
    (found,) = files_score([("a", real_photos[0])], network, max_pixels=1000)
    assert "allowed are" in found[0].reason


def test_no_more_is_decoded_than_some_batches_ahead(real_photos, network, monkeypatch):
    real, asked, lock = folder_scoring._prepared, [], threading.Lock()

    def prepared(path, *more):
        with lock:
            asked.append(path)
        return real(path, *more)

    monkeypatch.setattr(folder_scoring, "_prepared", prepared)
    files = [(str(place), real_photos[0]) for place in range(40)]
    batches = files_score(files, network, batch_size=2, decoders=2)
    next(batches)
    batches.close()
    assert len(asked) <= 2 + 2 * BATCHES_AHEAD + 2


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"decoders": 0}])
def test_no_batch_and_no_thread_are_refused(network, wrong):
    with pytest.raises(ValueError, match="must be at least 1"):
        next(files_score([], network, **wrong))


def test_no_photo_is_no_batch(network):
    assert list(files_score([], network)) == []
