from django.urls import path

from survey.dashboard import views

app_name = "dashboard"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("surveys/<slug:slug>/", views.survey_page, name="survey"),
    path("surveys/<slug:slug>/votes.csv", views.votes, name="votes"),
    path("surveys/<slug:slug>/codebook.csv", views.codebook, name="codebook"),
    path("surveys/<slug:slug>/shares.csv", views.curves, name="shares"),
]
