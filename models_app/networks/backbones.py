"""Torchvision's classification networks by name, with the input each was trained for; no torch.

The sizes are those of the weights IMAGENET1K_V1 (IMAGENET1K_SWAG_LINEAR_V1 of the two that have
none), as torchvision 0.29 states them; a test compares every line with the installed one.
"""

from collections.abc import Mapping
from types import MappingProxyType

from models_app.networks.preprocessing import HALF, IMAGENET, Interpolation, Preprocessing

# Trained on pixels from -1 to 1. Of the last two, torchvision takes ImageNet's mean off first and
# undoes it inside the network; here nothing is hidden in a network, so this is all there is.
_HALF = {"efficientnet_v2_l", "googlenet", "inception_v3"}

_SIZES: dict[tuple[int, int, Interpolation], str] = {
    (256, 224, "bilinear"): (
        "alexnet densenet121 densenet161 densenet169 densenet201 googlenet mnasnet0_5 mnasnet1_0 "
        "mobilenet_v2 mobilenet_v3_large mobilenet_v3_small regnet_x_16gf regnet_x_1_6gf "
        "regnet_x_32gf regnet_x_3_2gf regnet_x_400mf regnet_x_800mf regnet_x_8gf regnet_y_16gf "
        "regnet_y_1_6gf regnet_y_32gf regnet_y_3_2gf regnet_y_400mf regnet_y_800mf regnet_y_8gf "
        "resnet101 resnet152 resnet18 resnet34 resnet50 resnext101_32x8d resnext50_32x4d "
        "shufflenet_v2_x0_5 shufflenet_v2_x1_0 squeezenet1_0 squeezenet1_1 vgg11 vgg11_bn vgg13 "
        "vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn vit_b_16 vit_b_32 vit_l_32 wide_resnet101_2 "
        "wide_resnet50_2"
    ),
    (232, 224, "bilinear"): (
        "convnext_base convnext_large mnasnet0_75 mnasnet1_3 resnext101_64x4d "
        "shufflenet_v2_x1_5 shufflenet_v2_x2_0"
    ),
    (230, 224, "bilinear"): "convnext_small",
    (236, 224, "bilinear"): "convnext_tiny",
    (242, 224, "bilinear"): "vit_l_16",
    (342, 299, "bilinear"): "inception_v3",
    (384, 384, "bilinear"): "efficientnet_v2_s",
    (480, 480, "bilinear"): "efficientnet_v2_m",
    (224, 224, "bicubic"): "maxvit_t regnet_y_128gf vit_h_14",
    (232, 224, "bicubic"): "swin_t",
    (238, 224, "bicubic"): "swin_b",
    (246, 224, "bicubic"): "swin_s",
    (260, 256, "bicubic"): "swin_v2_s swin_v2_t",
    (272, 256, "bicubic"): "swin_v2_b",
    (256, 224, "bicubic"): "efficientnet_b0",
    (256, 240, "bicubic"): "efficientnet_b1",
    (288, 288, "bicubic"): "efficientnet_b2",
    (320, 300, "bicubic"): "efficientnet_b3",
    (384, 380, "bicubic"): "efficientnet_b4",
    (456, 456, "bicubic"): "efficientnet_b5",
    (528, 528, "bicubic"): "efficientnet_b6",
    (600, 600, "bicubic"): "efficientnet_b7",
    (480, 480, "bicubic"): "efficientnet_v2_l",
}


def _made(name: str, size: tuple[int, int, Interpolation]) -> Preprocessing:
    resize, crop, interpolation = size
    mean, std = HALF if name in _HALF else IMAGENET
    return Preprocessing(resize, crop, "short_side", interpolation, mean, std)


BACKBONES: Mapping[str, Preprocessing] = MappingProxyType(
    dict(sorted((name, _made(name, size)) for size, ns in _SIZES.items() for name in ns.split()))
)
"""By torchvision's name."""

HELPERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"inception_v3": ("AuxLogits.",), "googlenet": ("aux1.", "aux2.")}
)
"""How the weights begin that only training needs; a file may have them, and they are dropped."""
