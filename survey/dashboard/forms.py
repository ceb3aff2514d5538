"""What an admin types."""

from django import forms
from django.utils.translation import gettext_lazy as _

from survey.models import Invitation
from survey.roles import Role

_LONGEST = Invitation._meta.get_field("name").max_length


class InviteForm(forms.Form):
    # No colon after labels, as everywhere on these pages.
    label_suffix = ""

    name = forms.CharField(
        label=_("For whom"),
        max_length=_LONGEST,
        help_text=_("Only for your list of open invitations; they choose a user name themselves."),
    )
    email = forms.EmailField(label=_("E-mail address (optional)"), required=False)
    role = forms.ChoiceField(label=_("Role"), choices=Role, initial=Role.ANALYST)


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role)


class SurveyInvitesForm(forms.Form):
    label_suffix = ""

    count = forms.IntegerField(label=_("How many links"), min_value=1, max_value=1000, initial=1)
    label = forms.CharField(
        label=_("Label (optional)"),
        max_length=80,
        required=False,
        help_text=_("Tells links apart in the list, as in “Lab course A”; they are numbered."),
    )
