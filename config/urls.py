"""Each app is mounted once."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path
from django.views.i18n import set_language

from survey.api.docs import SchemaView, docs
from survey.dashboard import links

urlpatterns = [
    path("", include("survey.web.urls")),
    path("api/survey/", include("survey.api.urls")),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/docs/", docs, name="api-docs"),
    path("dashboard/", include("survey.dashboard.urls")),
    path("dashboard/models/", include("models_app.dashboard.urls")),
    path("invite/<slug:token>/", links.invitation, name="invite"),
    path("password/<slug:token>/", links.password, name="set-password"),
    path("language/", set_language, name="set_language"),
    path("login/", LoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
]
# Addresses of the API that do not exist answer as the others do.
handler404 = "survey.api.errors.not_found"
