"""The backend that settings name; Django looks for this module and this class."""

from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base

from config.sqlite.queue import Turn


class DatabaseWrapper(base.DatabaseWrapper):
    """A transaction takes its turn before it begins, and gives it back when it ends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.turn: Turn | None = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        opened = super().get_new_connection(conn_params)
        self.turn = None if self.is_in_memory_db() else Turn(Path(conn_params["database"]))
        return opened

    def _start_transaction_under_autocommit(self) -> None:
        if self.turn:
            self.turn.begin()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._turn_end()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._turn_end()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._turn_end()

    def close(self) -> None:
        super().close()
        # Inside atomic() the connection is closed when that ends; its turn is over all the same.
        if self.turn:
            self.turn.close()

    def _turn_end(self) -> None:
        if self.turn:
            self.turn.end()
