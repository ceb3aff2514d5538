"""Make a survey of a dataset: the form, whose settings are those that are declared."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from survey.designs.pictures import dataset_names, survey_draft
from survey.errors import SurveyInvalid
from survey.kinds.base import settings_declared
from survey.kinds.declared import Declared
from survey.models import Survey
from survey.roles import admin_required
from survey.services.surveys import survey_get

# What most surveys decide anew; the others are folded.
COMMON = ("trials", "access", "question")
# Texts of several lines.
LONG = {"purpose", "consent_text"}
_TITLE_MOST = Survey._meta.get_field("title").max_length
_SLUG_MOST = Survey._meta.get_field("slug").max_length


class SurveyForm(forms.Form):
    """Title, short name and dataset, and each setting; an empty field is its default."""

    label_suffix = ""

    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=_TITLE_MOST,
        help_text=gettext_lazy("What participants read."),
    )
    slug = forms.SlugField(
        label=gettext_lazy("Short name"),
        max_length=_SLUG_MOST,
        required=False,
        help_text=gettext_lazy(
            "As in the survey's address: letters, digits, hyphens and underscores; empty: made of "
            "the title."
        ),
    )
    dataset = forms.ChoiceField(
        label=gettext_lazy("Dataset"),
        help_text=gettext_lazy("Its photos are shown; excluded ones are left out."),
    )

    def __init__(self, *args: Any, datasets: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = settings_declared()
        choices = [(name, name) for name in datasets]
        self.fields["dataset"] = forms.ChoiceField(
            label=self.fields["dataset"].label,
            help_text=self.fields["dataset"].help_text,
            choices=choices if len(choices) == 1 else [("", _("choose")), *choices],
        )
        for known in self.known:
            self.fields[known.name] = _field(known)
        for name in ("slug", "title"):
            self.fields[name].widget.attrs["autocomplete"] = "off"

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"] or slugify(self.cleaned_data.get("title", ""))
        slug = slug[:_SLUG_MOST]
        if not slug:
            raise forms.ValidationError(
                _("The title makes no short name; write one in letters and digits.")
            )
        if survey_get(slug):
            raise forms.ValidationError(
                _("There is a survey %(slug)s already; choose another short name.") % {"slug": slug}
            )
        return slug

    @property
    def settings(self) -> dict[str, object]:
        """What was given; a field that was left empty is not among it."""
        given = {known.name: self.cleaned_data[known.name] for known in self.known}
        return {name: value for name, value in given.items() if value not in (None, "")}

    @property
    def common(self) -> list[forms.BoundField]:
        """Fields in the order of the page, without the folded ones."""
        return [self[name] for name in ("title", "slug", "dataset", *COMMON)]

    @property
    def more(self) -> list[forms.BoundField]:
        return [self[known.name] for known in self.known if known.name not in COMMON]

    @property
    def more_open(self) -> bool:
        """Whether something below the fold was changed, or has to be put right."""
        folded = {bound.name for bound in self.more}
        # What is wrong with no field is the quota, and two of its three settings are below.
        return self.is_bound and bool(
            NON_FIELD_ERRORS in self.errors or folded & {*self.changed_data, *self.errors}
        )


def _field(known: Declared) -> forms.Field:
    about, default = known.about, known.default
    given = {"label": about.label, "help_text": _help(known), "initial": default}
    if isinstance(default, bool):
        return forms.BooleanField(**given, required=False)
    if about.choices:
        return forms.ChoiceField(**given, choices=list(about.choices.items()))
    if isinstance(default, int):
        low, high = about.bounds or (None, None)
        return forms.IntegerField(**given, min_value=low, max_value=high, required=False)
    widget = forms.Textarea(attrs={"rows": 4}) if known.name in LONG else forms.TextInput()
    return forms.CharField(**given, max_length=about.longest, widget=widget, required=False)


def _help(known: Declared) -> str:
    parts = [str(known.about.meaning)]
    default = known.default_said
    if isinstance(known.default, bool):
        default = _("yes") if known.default else _("no")
    elif known.about.choices:
        default = str(known.about.choices[known.default])
    if known.default != "":
        parts.append(_("Default: %(default)s.") % {"default": default})
    if known.about.bounds or known.about.longest:
        parts.append(_("Allowed: %(allowed)s.") % {"allowed": known.allowed_said})
    return " ".join(parts)


@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
@never_cache
def new(request: HttpRequest) -> HttpResponse:
    """The form, and its survey: a draft, as `create_survey --draft` makes it."""
    names = dataset_names()
    if request.method == "POST":
        form = SurveyForm(request.POST, datasets=names)
        if form.is_valid() and _made(request, form):
            return redirect("dashboard:survey", form.cleaned_data["slug"])
        context = {"form": form, "names": names}
        return render(request, "dashboard/survey_new.html", context, status=400)
    wanted = request.GET.get("dataset", "")
    form = SurveyForm(datasets=names, initial={"dataset": wanted} if wanted in names else {})
    return render(request, "dashboard/survey_new.html", {"form": form, "names": names})


def _made(request: HttpRequest, form: SurveyForm) -> bool:
    """Make the draft; what is refused is said above the form."""
    given = form.cleaned_data
    try:
        survey_draft(
            given["slug"],
            title=given["title"],
            dataset=given["dataset"],
            settings=form.settings,
            actor=request.user,
        )
    except SurveyInvalid as error:
        form.add_error(None, str(error))
        return False
    messages.success(
        request,
        _("The survey is a draft; a worker makes its pictures. Open it here when you like."),
    )
    return True
