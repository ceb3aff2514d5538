"""A seeded draw of images."""

from collections import defaultdict
from collections.abc import Sequence

from models_app.splits.base import Divided, Item, Lists, SplitRefused
from models_app.splits.config import SplitConfig
from models_app.splits.drawing import drawn


class Random:
    """Draws images one by one; names that show the very same pixels stay together."""

    def divide(self, items: Sequence[Item], _lists: Lists, config: SplitConfig) -> Divided:
        """Refuse images with references: copies of one picture would land in several parts."""
        copies = next((item for item in items if item.reference), None)
        if copies is not None:
            raise SplitRefused(
                f"These images are distorted copies ({copies.name} of {copies.reference}), which "
                "drawn one by one would be in several parts; take the rule by_reference."
            )
        together: dict[str, list[str]] = defaultdict(list)
        for item in sorted(items, key=lambda item: item.name):
            together[item.photo_key or f"name {item.name}"].append(item.name)
        # Drawn by its first name: the pixels' hash may differ between versions of a decoder.
        pictures = {names[0]: names for names in together.values()}
        parts = drawn(
            pictures, config.seed, validation=config.validation_share, test=config.test_share
        )
        members = {
            part: [name for first in firsts for name in pictures[first]]
            for part, firsts in parts.items()
        }
        return Divided(members, source=f"drawn with seed {config.seed}")
