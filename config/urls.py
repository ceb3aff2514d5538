"""Each app is mounted once."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from survey.dashboard import links

urlpatterns = [
    path("", include("survey.web.urls")),
    path("api/survey/", include("survey.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    path("dashboard/", include("survey.dashboard.urls")),
    path("dashboard/models/", include("models_app.dashboard.urls")),
    path("invite/<slug:token>/", links.invitation, name="invite"),
    path("password/<slug:token>/", links.password, name="set-password"),
    path("login/", LoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
]
