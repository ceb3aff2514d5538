"""What a survey page shows and survey cannot know."""

from django.contrib.auth.models import User
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from models_app.selectors import pictures as selectors
from survey.roles import analyst_required


def person(request: HttpRequest) -> User | None:
    """Whoever asks, behind a decorator that lets only people with an account in."""
    return request.user if isinstance(request.user, User) else None


@require_GET
@analyst_required
def renditions(request: HttpRequest, slug: str) -> JsonResponse:
    """Pictures of a survey by state, as JSON: {pending, ready, identical, failed, errors}."""
    return JsonResponse(selectors.rendition_counts(slug))
