"""What a survey page shows and survey cannot know."""

from django.contrib.auth.decorators import user_passes_test
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from models_app import selectors

staff_only = user_passes_test(lambda user: user.is_staff, login_url="login")


@require_GET
@staff_only
def renditions(request: HttpRequest, slug: str) -> JsonResponse:
    """Pictures of a survey by state, as JSON: {pending, ready, identical, failed, errors}."""
    return JsonResponse(selectors.rendition_counts(slug))
