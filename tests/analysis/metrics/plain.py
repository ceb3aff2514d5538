"""Metrics once more, slowly: double loops over rows as in textbooks."""

from math import sqrt

import numpy as np


def lcc(x, y) -> float:
    mx, my = sum(x) / len(x), sum(y) / len(y)
    above = sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True))
    return above / sqrt(sum((a - mx) ** 2 for a in x) * sum((b - my) ** 2 for b in y))


def midranks(values) -> list[float]:
    return [
        sum(other < value for other in values) + (sum(other == value for other in values) + 1) / 2
        for value in values
    ]


def srcc(x, y) -> float:
    return lcc(midranks(x), midranks(y))


def krcc(x, y) -> float:
    score = free_x = free_y = 0
    for i in range(len(x)):
        for j in range(i):
            a, b = np.sign(x[i] - x[j]), np.sign(y[i] - y[j])
            score, free_x, free_y = score + a * b, free_x + (a != 0), free_y + (b != 0)
    return float(score / sqrt(free_x * free_y))


def mae(x, y) -> float:
    return sum(abs(a - b) for a, b in zip(x, y, strict=True)) / len(x)


def rmse(x, y) -> float:
    return sqrt(sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) / len(x))


def mae_linear(x, y) -> float:
    slope, start = np.polyfit(x, y, 1)
    return mae(start + slope * np.asarray(x), y)


def mae_constant(_x, y) -> float:
    return sum(abs(b - sum(y) / len(y)) for b in y) / len(y)


def sides(x, y, threshold, rule):
    def high(value):
        return value > threshold or (rule == "at_least" and value == threshold)

    return [(high(a), high(b)) for a, b in zip(x, y, strict=True)]


def accuracy(pairs) -> float:
    return sum(a == b for a, b in pairs) / len(pairs)


def balanced_accuracy(pairs) -> float:
    shares = [[a == b for a, b in pairs if b == side] for side in (True, False)]
    return (sum(shares[0]) / len(shares[0]) + sum(shares[1]) / len(shares[1])) / 2


def majority(pairs) -> float:
    above = sum(b for _a, b in pairs)
    return max(above, len(pairs) - above) / len(pairs)


def emd(p, q) -> float:
    rows = []
    for one, other in zip(p, q, strict=True):
        one, other = [a / sum(one) for a in one], [b / sum(other) for b in other]
        steps = [sum(one[: k + 1]) - sum(other[: k + 1]) for k in range(len(one))]
        rows.append(sqrt(sum(step**2 for step in steps) / len(steps)))
    return sum(rows) / len(rows)


def everything(x, y, p, q, threshold, rule) -> dict[str, float]:
    """By key of the registry, without the logistic, which has a test of its own."""
    pairs = sides(x, y, threshold, rule)
    return {
        "srcc": srcc(x, y),
        "krcc": krcc(x, y),
        "lcc": lcc(x, y),
        "mae": mae(x, y),
        "rmse": rmse(x, y),
        "mae_linear": mae_linear(x, y),
        "mae_constant": mae_constant(x, y),
        "emd": emd(p, q),
        "accuracy": accuracy(pairs),
        "balanced_accuracy": balanced_accuracy(pairs),
        "majority": majority(pairs),
    }
