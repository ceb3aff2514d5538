"""Nested states, as optimisers have them, as named tensors and JSON, and back: bit by bit."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

# What JSON keeps as it is; float is not among them, since JSON has no infinity and no NaN.
_PLAIN = (bool, int, str, type(None))


def tree_flatten(tree: object) -> tuple[dict[str, Tensor], Any]:
    """Take the tensors out of nested dicts, lists and tuples.

    Returns
    -------
    tensors
        By names that the second value holds.
    skeleton
        What JSON can hold; numbers are exact in it.

    Raises
    ------
    TypeError
        If something else than tensors, numbers, texts and None is in it.
    """
    tensors: dict[str, Tensor] = {}
    return tensors, _flatten(tree, tensors)


def _flatten(tree: object, tensors: dict[str, Tensor]) -> Any:
    if isinstance(tree, Tensor):
        name = str(len(tensors))
        tensors[name] = tree
        return {"tensor": name}
    if type(tree) is float:
        return {"float": tree.hex()}
    if type(tree) in _PLAIN:
        return tree
    if isinstance(tree, Mapping):
        pairs = [[_flatten(key, tensors), _flatten(tree[key], tensors)] for key in tree]
        return {"dict": pairs}
    if isinstance(tree, list | tuple):
        kind = "list" if isinstance(tree, list) else "tuple"
        return {kind: [_flatten(each, tensors) for each in tree]}
    raise TypeError(
        f"A state holds a {type(tree).__name__}; it can hold tensors, numbers, texts, None, and "
        "dicts, lists and tuples of them."
    )


def tree_build(tensors: Mapping[str, Tensor], skeleton: Any) -> Any:
    """Build what `tree_flatten` took apart; dicts of other classes become dicts.

    Raises
    ------
    KeyError, ValueError
        If the two do not belong together.
    """
    if not isinstance(skeleton, dict):
        return skeleton
    [(kind, held)] = skeleton.items()
    if kind == "tensor":
        return tensors[held]
    if kind == "float":
        return float.fromhex(held)
    if kind == "dict":
        return {tree_build(tensors, key): tree_build(tensors, value) for key, value in held}
    if kind not in ("list", "tuple"):
        raise ValueError(f"A state holds a {kind!r}, which nobody writes.")
    built = [tree_build(tensors, each) for each in held]
    return built if kind == "list" else tuple(built)
