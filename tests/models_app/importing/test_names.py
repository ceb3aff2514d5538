"""What photos of an archive are called."""

from models_app.importing.names import Name, photo_names


def short(*paths: str) -> list[str]:
    return [name.short for name in photo_names(paths)]


def test_a_name_that_one_photo_has_is_its_base_name():
    assert short("all/a.jpg", "all/more/b.jpg") == ["a.jpg", "b.jpg"]
    assert photo_names([]) == []


def test_photos_of_one_name_keep_their_folders_below_what_all_share():
    paths = ("all/2019/a.jpg", "all/2020/A.JPG", "all/2020/b.jpg")
    assert short(*paths) == ["2019/a.jpg", "2020/A.JPG", "b.jpg"]
    assert short("all/a.jpg", "all/x/a.jpg") == ["a.jpg", "x/a.jpg"]


def test_the_long_name_is_there_for_a_dataset_that_has_the_short_one():
    assert photo_names(["x/a.jpg", "y/b.jpg"])[0] == Name("a.jpg", "x/a.jpg")
