"""Which pictures are normalised together."""

import pytest
import torch

from models_app.training.steps.groups import groups_make


@pytest.mark.parametrize("group", ["batch", "photo", "variant", "chunk", "frozen"])
def test_every_picture_is_in_one_group(group: str) -> None:
    places = torch.arange(3 * 7)
    made = groups_make(group, photos=3, views=7, chunk=0 if group == "batch" else 5, step=2)
    found = [places[each] for each in made]
    assert sorted(torch.cat(found).tolist()) == places.tolist()
    sizes = {len(each) for each in found}
    assert sizes == {"batch": {21}, "photo": {7}, "variant": {3}}.get(group, {4, 5})


@pytest.mark.parametrize("group", ["variant", "chunk"])
def test_groups_lie_where_the_pictures_do(group: str) -> None:
    options = {"photos": 3, "views": 7, "chunk": 5, "seed": 2}
    made = groups_make(group, device=torch.device("meta"), **options)
    assert {each.device.type for each in made} == {"meta"}
    # What is drawn, is drawn on the CPU.
    plain = [each.tolist() for each in groups_make(group, **options)]
    assert [len(each) for each in made] == [len(each) for each in plain]
    there = groups_make(group, device=torch.device("cpu"), **options)
    assert [each.tolist() for each in there] == plain


def test_chunks_are_shuffled_anew_each_step() -> None:
    def made(step: int) -> list[list[int]]:
        groups = groups_make("chunk", photos=3, views=7, chunk=5, seed=1, step=step)
        return [torch.arange(21)[each].tolist() for each in groups]

    assert made(1) == made(1)
    assert made(1) != made(2)
    # Not photo by photo.
    assert len({place // 7 for place in made(1)[0]}) > 1
