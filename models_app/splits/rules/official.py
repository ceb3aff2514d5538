"""As the label file itself says, or by the lists that were published with it."""

import hashlib
from collections.abc import Sequence

from models_app.splits.base import PARTS, TEST, TRAIN, Divided, Item, Lists, NameList, SplitRefused
from models_app.splits.config import SplitConfig
from models_app.splits.rules.lists import divide_by_lists, validation_draw

# SHA-256 of the sorted ids, a line each, of the lists that come with AVA
# (github.com/imfing/ava_downloader 8a70aac7, AVA_dataset/aesthetics_image_lists): part, title.
PUBLISHED = {
    "a966d200739bcdca9fc05168393ecf4d5a16ae36cb258895b5c55488387ccf77": (TEST, "generic_test"),
    "d15bb47f508c14d0090673364393f2a956f0d498e9fa6084caced9558759372c": (TRAIN, "generic_ls_train"),
    "1270550602d6358c85713d668f1f1865fc247941ff31aa9866ef55edefb030f9": (TRAIN, "generic_ss_train"),
}
_TITLES = ", ".join(title for _part, title in PUBLISHED.values())


class Official:
    """Takes the parts that labels name; where lists are given, the published ones only."""

    def divide(self, items: Sequence[Item], lists: Lists, config: SplitConfig) -> Divided:
        """Refuse labels that name no parts, and lists that are not the published ones."""
        if any(lists.values()):
            titles = [_title(part, each) for part in PARTS for each in lists.get(part, ())]
            return divide_by_lists(items, lists, config, source=f"AVA: {', '.join(titles)}")
        members: dict[str, list[str]] = {part: [] for part in PARTS}
        left_out = []
        for item in items:
            if item.part in PARTS:
                members[item.part].append(item.name)
            elif config.rest == TRAIN:
                members[TRAIN].append(item.name)
            else:
                left_out.append(item.name)
        if not any(item.part for item in items):
            raise SplitRefused(
                "These labels do not say which part an image belongs to; give the published lists "
                f"(AVA's are {_TITLES}), or take another rule."
            )
        return Divided(members, {}, left_out, "by the labels" + validation_draw(members, config))


def names_hash(names: Sequence[str]) -> str:
    """Return the SHA-256 of the different names, sorted, a line each."""
    return hashlib.sha256("\n".join(sorted(set(names))).encode()).hexdigest()


def _title(part: str, each: NameList) -> str:
    meant, title = PUBLISHED.get(names_hash(each.names), ("", ""))
    if not meant:
        raise SplitRefused(
            f"{each.file} ({len(each.names)} names) is none of the published lists ({_TITLES}); "
            "give one of these, or take the rule lists."
        )
    if meant != part:
        raise SplitRefused(f"{each.file} is AVA's {title}: give it for {meant}, not for {part}.")
    return title
