"""Who may see a link: {% load roles %}{% if user|may:"admin" %}."""

from django import template
from django.contrib.auth.models import AnonymousUser, User

from survey.roles import has_role

register = template.Library()


@register.filter
def may(user: User | AnonymousUser | str, role: str) -> bool:
    """As roles.has_role(); an error page drawn without a request has no user, an empty text."""
    return not isinstance(user, str) and has_role(user, role)
