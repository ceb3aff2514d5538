from django.urls import path

from models_app.dashboard import sheets, views

app_name = "models_dashboard"
urlpatterns = [
    path("surveys/<slug:slug>/renditions/", views.renditions, name="renditions"),
    path("distortions/", sheets.page, name="distortions"),
    path("distortions/ask/", sheets.ask, name="sheet_ask"),
    path("distortions/state/", sheets.state, name="sheet_state"),
    path("distortions/<int:sheet>/<slug:key>.jpg", sheets.strip, name="strip"),
]
