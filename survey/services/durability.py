"""Where a commit waits for the disk: not while it holds the lock that everybody needs."""

from django.db import connection, transaction


def disk_awaited_after_lock() -> None:
    """Let this transaction's commit free its locks before the disk has it, and await it then.

    What follows is not reached before the commit is durable: callers of on_commit run before the
    answer is sent, and a commit that waits flushes every earlier one with it (and shares one flush
    with those of others). A crash in between loses only what nobody was told, and with it whatever
    was built on it, for the log is replayed in order. Needs a transaction. For PostgreSQL; SQLite
    has one writer and one log, and nothing to share.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit TO off")
        transaction.on_commit(_disk_await)


def _disk_await() -> None:
    # The smallest transaction that writes: a message in the log that nobody reads.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_logical_emit_message(true, 'proofsheet', '')")
