from django.urls import path

from survey.api import views

app_name = "survey_api"
urlpatterns = [
    path("<slug:slug>/pair/", views.PairView.as_view(), name="pair"),
    path("<slug:slug>/votes/", views.VoteView.as_view(), name="votes"),
    path("<slug:slug>/skips/", views.SkipView.as_view(), name="skips"),
    path("<slug:slug>/results/", views.ResultsView.as_view(), name="results"),
]
