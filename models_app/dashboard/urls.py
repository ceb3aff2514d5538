from django.urls import path

from models_app.dashboard import views

app_name = "models_dashboard"
urlpatterns = [
    path("surveys/<slug:slug>/renditions/", views.renditions, name="renditions"),
]
