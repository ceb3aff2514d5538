"""Writers of an SQLite file take turns; whatever becomes of a turn, SQLite's lock decides."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import OperationalError, connection, transaction

from config.sqlite import queue
from config.sqlite.queue import Turn

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite's lock")
HOLDER = """
import sys, time
from pathlib import Path
from config.sqlite.queue import Turn
turn = Turn(Path(sys.argv[1]))
turn.begin()
print("held", flush=True)
time.sleep(600)
"""


def database() -> Path:
    return Path(connection.settings_dict["NAME"])


def is_free() -> bool:
    turn = Turn(database())
    with turn.path.open("ab") as file:
        return turn._taken(file)


@pytest.mark.django_db(transaction=True)
class TestTransactions:
    def test_each_holds_the_turn_until_it_ends(self):
        with transaction.atomic():
            assert not is_free()
            with transaction.atomic():
                pass
            assert not is_free()
        assert is_free()

    def test_an_error_gives_it_back(self):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            raise ZeroDivisionError
        assert is_free()

    def test_closing_in_a_transaction_gives_it_back(self):
        with transaction.atomic():
            connection.close()
            assert is_free()
        assert is_free()

    def test_a_transaction_that_cannot_begin_gives_it_back(self):
        with transaction.atomic():
            failed: list[Exception] = []
            # SQLite's lock is held, the turn is not: a writer that knows no queue.
            connection.turn.end()
            thread = threading.Thread(target=begin_at_once, args=[failed])
            thread.start()
            thread.join()
            assert [str(error) for error in failed] == ["database is locked"]
            assert is_free()

    def test_a_turn_that_never_ends_is_not_waited_for_for_ever(self, monkeypatch):
        monkeypatch.setattr(queue, "PATIENCE_S", 0.05)
        holder = Turn(database())
        holder.begin()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        holder.close()

    def test_one_waits_for_the_other(self):
        order: list[str] = []

        def second() -> None:
            with transaction.atomic():
                order.append("second")
            connection.close()

        with transaction.atomic():
            thread = threading.Thread(target=second)
            thread.start()
            time.sleep(0.05)
            order.append("first")
        thread.join()
        assert order == ["first", "second"]


def begin_at_once(failed: list[Exception]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 0")
    try:
        with transaction.atomic():
            pass
    except OperationalError as error:
        failed.append(error)
    connection.close()


def test_a_holder_that_dies_lets_go(tmp_path: Path):
    path = tmp_path / "a.sqlite3"
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    turn = Turn(path)
    with turn.path.open("ab") as file:
        assert not turn._taken(file)
        child.kill()
        child.wait()
        assert turn._taken(file)
    child.stdout.close()
