"""Names of what is on photos, made comparable between programs; no torch.

Pfister et al. counted with names as Keras spells ImageNet's classes (`fur_coat`), and torchvision
spells the same classes with blanks. Of two pairs of classes that share a name (ImageNet's 134 and
517, crane; 638 and 639, maillot) torchvision tells one apart, which is why it has 1000 names and
the authors' list 998. Of COCO's 80 objects one is spelled otherwise.
"""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

_SAME: Mapping[str, str] = MappingProxyType(
    {
        "crane bird": "crane",
        "maillot tank suit": "maillot",
        "hair drier": "hair dryer",
    }
)

NO_OBJECTS = ("__background__", "N/A")
"""Names in torchvision's list of COCO's objects that stand for none."""


def label_common(label: str) -> str:
    """Return a class's or object's name as charts of several sources show it.

    Underscores become blanks, and the spellings of one thing become one; letters keep their case.
    """
    name = label.replace("_", " ").strip()
    return _SAME.get(name, name)


def counts_common(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts by `label_common`, added up where two names become one, largest first."""
    total: Counter[str] = Counter()
    for label, count in counts.items():
        total[label_common(label)] += count
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))
