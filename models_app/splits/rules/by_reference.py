"""A seeded draw of references with all their distorted copies."""

from collections import defaultdict
from collections.abc import Sequence

from models_app.splits.base import Divided, Item, Lists, SplitRefused, ids_of
from models_app.splits.config import SplitConfig
from models_app.splits.drawing import drawn


class ByReference:
    """Draws references; whatever is made of one is in one part."""

    def divide(self, items: Sequence[Item], _lists: Lists, config: SplitConfig) -> Divided:
        """Refuse labels that name no reference, but for the references themselves."""
        ids = ids_of([item.reference or item.name for item in items])
        references = {ids[item.reference] for item in items if item.reference}
        if not references:
            raise SplitRefused(
                "These labels name no references; take the rule random, lists or official."
            )
        copies: dict[str, list[str]] = defaultdict(list)
        for item in items:
            reference = ids[item.reference or item.name]
            if reference not in references:
                raise SplitRefused(
                    f"{item.name} has no reference, while others have; a split by reference needs "
                    "one for every image: take the rule lists."
                )
            copies[reference].append(item.name)
        parts = drawn(
            references, config.seed, validation=config.validation_share, test=config.test_share
        )
        members = {
            part: [name for reference in drawn_ones for name in copies[reference]]
            for part, drawn_ones in parts.items()
        }
        counted = ", ".join(f"{part} {len(parts[part])}" for part in sorted(parts))
        return Divided(
            members,
            source=f"drawn with seed {config.seed} of {len(references)} references: {counted}",
        )
