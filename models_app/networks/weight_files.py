"""Whether torchvision's published weights are on this machine, told without torch.

Where torch keeps them and how their files are called; a test compares both with what is installed.
"""

import os
from pathlib import Path

# How a file's name begins where that is not the network's own.
_STEMS = {
    "alexnet": "alexnet-owt",
    "efficientnet_b0": "efficientnet_b0_rwightman",
    "efficientnet_b1": "efficientnet_b1_rwightman",
    "efficientnet_b2": "efficientnet_b2_rwightman",
    "efficientnet_b3": "efficientnet_b3_rwightman",
    "efficientnet_b4": "efficientnet_b4_rwightman",
    "efficientnet_b5": "efficientnet_b5_lukemelas",
    "efficientnet_b6": "efficientnet_b6_lukemelas",
    "efficientnet_b7": "efficientnet_b7_lukemelas",
    "inception_v3": "inception_v3_google",
    "mnasnet0_5": "mnasnet0.5_top1_67.823",
    "mnasnet1_0": "mnasnet1.0_top1_73.512",
    "regnet_y_128gf": "regnet_y_128gf_lc_swag",
    "shufflenet_v2_x0_5": "shufflenetv2_x0.5",
    "shufflenet_v2_x1_0": "shufflenetv2_x1",
    "shufflenet_v2_x1_5": "shufflenetv2_x1_5",
    "shufflenet_v2_x2_0": "shufflenetv2_x2_0",
    "vit_h_14": "vit_h_14_lc_swag",
}
_SWAG = "IMAGENET1K_SWAG_LINEAR_V1"


def weights_folder() -> Path:
    """Return where torch keeps downloaded weights, as `torch.hub.get_dir` says it."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = Path(os.environ.get("TORCH_HOME", str(Path(cache, "torch")))).expanduser()
    return home / "hub" / "checkpoints"


def weights_here(name: str) -> bool:
    """Whether a file with ImageNet's weights of this torchvision network is there."""
    stem = _STEMS.get(name, name)
    return any(weights_folder().glob(f"{stem}-{'[0-9a-f]' * 8}*.pth"))


def command_download(name: str) -> str:
    """Return the shell command that has torchvision put them there."""
    weights = _SWAG if _STEMS.get(name, "").endswith("_swag") else "IMAGENET1K_V1"
    code = f"from torchvision.models import get_model; get_model('{name}', weights='{weights}')"
    return f'.venv/bin/python -c "{code}"'
