"""The database's clock: the one that every worker and web server shares."""

from datetime import UTC, datetime

from django.db import connection

# Milliseconds on SQLite, whose "server" is this process, so all of one machine agree anyway.
SQL = {
    "sqlite": "SELECT STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW')",
    "postgresql": "SELECT clock_timestamp()",
}


def db_now() -> datetime:
    """Return the database's time; one query."""
    with connection.cursor() as cursor:
        cursor.execute(SQL[connection.vendor])
        now: str | datetime = cursor.fetchone()[0]
    if isinstance(now, str):
        return datetime.fromisoformat(now).replace(tzinfo=UTC)
    return now.astimezone(UTC)
