"""States as one file."""

import io
import tarfile
from pathlib import Path

import pytest
import torch

from models_app.training.checkpoint import best_load, best_save, state_load, state_save
from models_app.training.errors import StateDamaged
from models_app.training.packing import state_pack, state_unpack

TENSORS = {"w": torch.arange(4.0)}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    best_save(folder, 3, {"w": torch.ones(4)}, {"epoch": 1})
    state_save(folder, 5, TENSORS, {"t": torch.tensor(5)}, {"epoch": 2})
    return folder


def packed(run: Path) -> Path:
    file = run.parent / "state.tar"
    state_pack((run / "last").resolve(), file)
    return file


def test_a_state_and_the_best_weights_travel(tmp_path: Path, run: Path):
    other = tmp_path / "other"
    path = state_unpack(packed(run), other)
    assert path == other / "states" / "00000005"
    state, best = state_load(other), best_load(other)
    assert state is not None
    assert best is not None
    assert (state.step, state.info, state.training["t"].item()) == (5, {"epoch": 2}, 5)
    assert torch.equal(state.network["w"], TENSORS["w"])
    assert best[1] == {"epoch": 1}
    assert (other / "last").readlink() == Path("states/00000005")
    # And into a folder that has it.
    state_unpack(packed(run), other)
    assert state_load(other) is not None


def test_it_holds_no_trace_of_who_packed_it(run: Path):
    with tarfile.open(packed(run)) as archive:
        members = archive.getmembers()
    assert [member.name for member in members] == [
        "bests/00000003/checkpoint.json",
        "bests/00000003/weights.safetensors",
        "states/00000005/state.json",
        "states/00000005/training.safetensors",
        "states/00000005/weights.safetensors",
    ]
    assert {(member.uid, member.uname, member.mode) for member in members} == {(0, "", 0o644)}


def test_a_state_without_best_weights_travels(tmp_path: Path):
    state = state_save(tmp_path / "run", 5, TENSORS, {}, {})
    state_pack(state, tmp_path / "state.tar")
    state_unpack(tmp_path / "state.tar", tmp_path / "other")
    assert best_load(tmp_path / "other") is None
    assert state_load(tmp_path / "other") is not None


def test_packing_into_a_missing_folder_leaves_nothing(tmp_path: Path, run: Path):
    with pytest.raises(FileNotFoundError):
        state_pack((run / "last").resolve(), tmp_path / "none" / "state.tar")
    with pytest.raises(FileNotFoundError):
        state_pack(run / "states" / "00000009", tmp_path / "state.tar")
    assert not list(tmp_path.glob("*.tar"))
    assert not list(tmp_path.glob(".*"))


def tar_of(file: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(file, "w") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file


def linked(name: str, kind: bytes) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, "/etc/passwd"
    return member


@pytest.mark.parametrize(
    "member",
    [
        tarfile.TarInfo("../states/00000005/state.json"),
        tarfile.TarInfo("/states/00000005/state.json"),
        tarfile.TarInfo("states/00000005/../state.json"),
        tarfile.TarInfo("states/00000005/sub/state.json"),
        tarfile.TarInfo("states/5/state.json"),
        tarfile.TarInfo("states/00000005/state.json\n"),
        tarfile.TarInfo("other/00000005/state.json"),
        linked("states/00000005/state.json", tarfile.SYMTYPE),
        linked("states/00000005/state.json", tarfile.LNKTYPE),
        linked("states/00000005/state.json", tarfile.FIFOTYPE),
    ],
)
def test_unsafe_names_and_links_are_refused(tmp_path: Path, member: tarfile.TarInfo):
    file = tar_of(tmp_path / "state.tar", (member, b""))
    with pytest.raises(StateDamaged, match="does not belong into one"):
        state_unpack(file, tmp_path / "run")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state.tar"]


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["states/00000005/state.json"],
        ["bests/00000005/checkpoint.json", "bests/00000005/weights.safetensors"],
        [
            f"states/0000000{step}/{name}"
            for step in (5, 6)
            for name in ("state.json", "weights.safetensors", "training.safetensors")
        ],
    ],
)
def test_what_is_no_whole_state_is_refused(tmp_path: Path, names: list[str]):
    file = tar_of(tmp_path / "state.tar", *((tarfile.TarInfo(name), b"{}") for name in names))
    with pytest.raises(StateDamaged, match="lacks files"):
        state_unpack(file, tmp_path / "run")


@pytest.mark.parametrize("blocks", range(12))
def test_a_part_of_a_tar_is_refused_and_the_run_stays(run: Path, blocks: int):
    file = packed(run)
    file.write_bytes(file.read_bytes()[: blocks * tarfile.BLOCKSIZE])
    before = sorted(run.rglob("*"))
    with pytest.raises(StateDamaged):
        state_unpack(file, run)
    assert sorted(run.rglob("*")) == before


def test_a_changed_tar_is_refused(tmp_path: Path, run: Path):
    file = packed(run)
    content = file.read_bytes()
    weights = torch.ones(4).numpy().tobytes()
    assert content.count(weights) == 1
    file.write_bytes(content.replace(weights, weights[::-1]))
    with pytest.raises(StateDamaged, match="was changed after it was written"):
        state_unpack(file, tmp_path / "other")
    assert best_load(tmp_path / "other") is None
    assert state_load(tmp_path / "other") is None


def test_what_is_no_tar_is_refused(tmp_path: Path):
    (tmp_path / "state.tar").write_bytes(b"no tar at all")
    with pytest.raises(StateDamaged, match=r"state\.tar is no packed state"):
        state_unpack(tmp_path / "state.tar", tmp_path / "run")
