"""White balance of the edit files: what red, green and blue are multiplied by at each level.

Measured with darktable 4.2.1, module temperature, version 3, and exact to six digits, which is
enough for 8 bits. The multipliers act on encoded values.
"""

from collections.abc import Mapping
from types import MappingProxyType

TEMPERATURE: Mapping[float, tuple[float, float, float]] = MappingProxyType(
    {
        2000: (0.256725, 1, 31.670061),
        3000: (0.476834, 1, 3.102820),
        5000: (0.829422, 1, 1.352282),
        6000: (0.950103, 1, 1.086534),
        7000: (1.043913, 1, 0.933234),
        8000: (1.118167, 1, 0.835342),
        10000: (1.226649, 1, 0.720213),
        14000: (1.355780, 1, 0.615271),
        18000: (1.428652, 1, 0.567675),
    }
)
"""By kelvin."""

TINT: Mapping[float, tuple[float, float, float]] = MappingProxyType(
    {
        0.75: (3.334152, 1, 1.744009),
        0.80: (2.386403, 1, 1.548024),
        0.85: (1.826895, 1, 1.380836),
        0.90: (1.457622, 1, 1.236535),
        0.95: (1.195660, 1, 1.110720),
        1.05: (0.848692, 1, 0.901956),
        1.10: (0.727872, 1, 0.814399),
        1.15: (0.629258, 1, 0.735772),
        1.20: (0.547242, 1, 0.664775),
        1.25: (0.477960, 1, 0.600348),
    }
)
"""By tint; 1 is none."""
