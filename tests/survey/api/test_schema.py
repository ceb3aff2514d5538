"""The API describes itself without a gap."""

import io
import json

from django.core.management import call_command
from django.test import Client


def test_the_schema_is_valid_and_complete():
    out = io.StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, format="openapi-json", stdout=out)
    paths = json.loads(out.getvalue())["paths"]
    assert {path.split("/")[-2] for path in paths} == {"pair", "votes", "skips", "results"}


def test_the_documentation_is_for_staff(admin: Client, outsider: Client):
    for address in ("/api/docs/", "/api/schema/"):
        assert admin.get(address).status_code == 200
        assert outsider.get(address).status_code == 403
        assert Client().get(address).status_code == 403
