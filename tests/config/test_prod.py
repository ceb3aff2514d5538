"""The server settings: no default for a secret, nothing sent in the clear."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
LOOK = (
    "from django.conf import settings as s; "
    "print(s.DEBUG, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, "
    "s.SECURE_HSTS_SECONDS > 0, s.STORAGES['staticfiles']['BACKEND'].rsplit('.')[-1])"
)


def manage(*arguments: str, tmp: Path, **env: str) -> subprocess.CompletedProcess[str]:
    # The last one is set by tests of the browser, in whose process this may run.
    unset = {"SECRET_KEY", "ALLOWED_HOSTS", "DJANGO_ALLOW_ASYNC_UNSAFE"}
    clean = {k: v for k, v in os.environ.items() if k not in unset}
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env={
            **clean,
            "DJANGO_SETTINGS_MODULE": "config.settings.prod",
            "PROOFSHEET_VAR": str(tmp),
            **env,
        },
        capture_output=True,
        text=True,
    )


def test_it_refuses_to_start_without_a_key(tmp_path: Path):
    done = manage("check", tmp=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip() == (
        "proofsheet: SECRET_KEY is not set; it has no default here: set it."
    )


def test_the_deployment_check_asks_for_host_names(tmp_path: Path):
    done = manage("check", "--deploy", tmp=tmp_path, SECRET_KEY="x" * 60)
    assert "config.E003" in done.stderr
    assert "ALLOWED_HOSTS names no host." in done.stderr


def test_the_deployment_check_has_nothing_to_say_of_a_named_host(tmp_path: Path):
    key = "".join(chr(48 + n) for n in range(70))
    done = manage(
        "check", "--deploy", tmp=tmp_path, SECRET_KEY=key, ALLOWED_HOSTS="survey.example.org"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout


def test_cookies_and_pages_travel_encrypted(tmp_path: Path):
    env = {"SECRET_KEY": "x" * 60, "ALLOWED_HOSTS": "survey.example.org"}
    done = manage("shell", "--no-imports", "-c", LOOK, tmp=tmp_path, **env)
    assert done.stdout.split() == [
        "False", "True", "True", "True", "True", "CompressedManifestStaticFilesStorage",
    ]  # fmt: skip


def test_static_files_can_be_collected(tmp_path: Path):
    env = {"SECRET_KEY": "x" * 60, "ALLOWED_HOSTS": "survey.example.org"}
    done = manage("collectstatic", "--noinput", tmp=tmp_path, **env)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "static" / "js").glob("pair.*.js"))
