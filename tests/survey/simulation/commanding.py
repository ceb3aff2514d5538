"""The command simulate_annotators, run in this process."""

from io import StringIO

from django.core.management import CommandError, call_command

from survey.models import Survey


def simulate(survey: Survey, **options) -> tuple[str, str]:
    """Run the command; what it printed, and what it refused with."""
    out = StringIO()
    given = {"annotators": 3, "votes": 10, "stdout": out, **options}
    try:
        call_command("simulate_annotators", survey=survey.slug, **given)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""
