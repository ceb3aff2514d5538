"""What the configurations of all trainings share: read from JSON, checked, saved; no torch."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from models_app.training.errors import ConfigInvalid
from models_app.training.settings import names_check, values_check


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Options that check themselves; subclasses declare them with `settings.setting`.

    Raises
    ------
    ConfigInvalid
        At construction, naming the option: what it is, what is allowed, what to do.
    """

    example: ClassVar[str]
    """A JSON object with an option, for people who gave none."""

    paths: ClassVar[Sequence[str]]
    """Options that name a place on this machine."""

    path_lists: ClassVar[Sequence[str]] = ()
    """Options that name several, separated by commas."""

    def __post_init__(self) -> None:
        """Check every option by itself; subclasses check what depends on each other."""
        values_check(self)

    @classmethod
    def from_json(cls, raw: object) -> Self:
        """Build it from a JSON object; what is left out has its default.

        Raises
        ------
        ConfigInvalid
            Also for unknown options, with the nearest that exists.
        """
        return cls(**names_check(cls, raw))

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a JSON file.

        Raises
        ------
        ConfigInvalid
            Also if it cannot be read or is no JSON.
        """
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigInvalid(
                f"The configuration {path.name} cannot be read ({error.strerror}); give a JSON "
                "file."
            ) from error
        except (ValueError, RecursionError) as error:
            raise ConfigInvalid(
                f"{path.name} is no JSON ({error}); write an object, as in {cls.example}."
            ) from error
        return cls.from_json(raw)

    def to_json(self) -> dict[str, Any]:
        """Return every option, also those at their default."""
        return asdict(self)

    def to_json_shared(self) -> dict[str, Any]:
        """Return it for whoever gets the results: of paths the last part alone."""
        raw = self.to_json()
        for name in self.paths:
            raw[name] = Path(raw[name]).name
        for name in self.path_lists:
            raw[name] = ",".join(Path(each.strip()).name for each in raw[name].split(","))
        return raw
