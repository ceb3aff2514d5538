"""The blocks of a network: what is computed twice to save memory, and which one is the last."""

from collections.abc import Iterator

from torch import nn


def blocks_of(backbone: nn.Module) -> dict[str, nn.Module]:
    """Return the blocks by name, in the order in which the network lists them.

    Chains of blocks are taken apart (Sequential, ModuleList, and modules that hold a chain of
    blocks of one kind, such as a stage or an encoder); what is inside a block is not.
    """
    return dict(_walk(backbone, "", root=True))


def composite_blocks(backbone: nn.Module) -> dict[str, nn.Module]:
    """Return the blocks of several layers; a single one keeps hardly more than its input."""
    return {name: block for name, block in blocks_of(backbone).items() if _inside(block)}


def last_blocks(backbone: nn.Module) -> dict[str, nn.Module]:
    """Return the last block, by name; of a MobileNetV2 it is `features.18`.

    It is the last one with a matrix or kernel among its weights, and what comes after it, such as
    a last normalisation.
    """
    found = blocks_of(backbone)
    places = [n for n, block in enumerate(found.values()) if _has_kernel(block)]
    return {n: b for n, b in list(found.items())[places[-1] :] if list(b.parameters())}


def backbone_free(backbone: nn.Module, trainable: str) -> None:
    """Let layers of a backbone learn: all, its last_block, or for any other word none."""
    backbone.requires_grad_(trainable == "all")
    if trainable == "last_block":
        for block in last_blocks(backbone).values():
            block.requires_grad_(True)


def _has_kernel(block: nn.Module) -> bool:
    return any(weight.ndim > 1 for weight in block.parameters())


def _walk(module: nn.Module, name: str, *, root: bool = False) -> Iterator[tuple[str, nn.Module]]:
    if not root and not _is_chain(module):
        yield name, module
        return
    for own, child in module.named_children():
        yield from _walk(child, f"{name}.{own}" if name else own)


def _is_chain(module: nn.Module) -> bool:
    # Torchvision's Conv2dNormActivation and MLP are Sequentials too, but blocks to us.
    if type(module) in (nn.Sequential, nn.ModuleList):
        return True
    if isinstance(module, nn.Sequential):
        return _alike(module)
    chains = [
        child
        for child in module.children()
        if isinstance(child, nn.Sequential | nn.ModuleList) and _alike(child)
    ]
    # Several are branches side by side, as in an Inception block.
    return len(chains) == 1


def _alike(module: nn.Module) -> bool:
    """Whether it holds several modules, all of one kind and each of several layers."""
    kinds = {type(child) for child in module.children()}
    return len(list(module.children())) > 1 and len(kinds) == 1 and _composite(module)


def _composite(module: nn.Module) -> bool:
    return all(_inside(child) for child in module.children())


def _inside(module: nn.Module) -> bool:
    return bool(list(module.children()))
