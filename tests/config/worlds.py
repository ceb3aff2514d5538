"""A Proofsheet of its own for one test: made, looked at, destroyed."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import boto3
import psycopg

from tests.config.conftest import ROOT
from tests.servers import BUCKET, KEYS, REGION

DEV = "config.settings.dev"


class World:
    """A Proofsheet of its own: an environment, and the two commands."""

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        self.var = Path(env["PROOFSHEET_VAR"])

    def run(self, *command: str, **more: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command],
            **{"env": self.env, "cwd": ROOT, "capture_output": True, "text": True, **more},
        )

    def manage(self, *arguments: object, **more: object) -> subprocess.CompletedProcess[str]:
        return self.run("manage.py", *map(str, arguments), **more)

    def does(self, *arguments: object) -> str:
        done = self.manage(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refuses(self, *arguments: object, **more: object) -> str:
        done = self.manage(*arguments, **more)
        assert done.returncode == 1, done.stdout + done.stderr
        assert done.stderr.startswith("CommandError: ")
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr.removeprefix("CommandError: ").strip()

    def make(self) -> None:
        self.does("migrate", "-v0")
        done = self.run("-m", "tests.config.backup_world", "make")
        assert done.returncode == 0, done.stderr

    def look(self) -> dict:
        done = self.run("-m", "tests.config.backup_world", "look")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def destroy(self) -> None:
        for entry in self.var.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        if url := self.env.get("DATABASE_URL"):
            with psycopg.connect(url, autocommit=True) as opened:
                opened.execute("DROP SCHEMA public CASCADE")
                opened.execute("CREATE SCHEMA public")
        if url := self.env.get("STORAGE_URL"):
            bucket_empty(url)


def bucket_empty(url: str) -> None:
    endpoint = url.partition("endpoint_url=")[2].partition("&")[0]
    prefix = url.removeprefix(f"s3://{BUCKET}/").partition("?")[0]
    storage = boto3.resource(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
    )
    storage.Bucket(BUCKET).objects.filter(Prefix=prefix).delete()
