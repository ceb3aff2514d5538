from django.urls import path

from models_app.dashboard import studies, study_actions

urlpatterns = [
    path("", studies.index, name="studies"),
    path("start/", study_actions.start, name="study_start"),
    path("<int:pk>/", studies.page, name="study"),
    path("<int:pk>/live/", studies.live, name="study_live"),
    path("<int:pk>/report/", studies.report, name="study_report"),
    path("<int:pk>/figures/<int:artifact>/", studies.figure, name="study_figure"),
    path("<int:pk>/study.json", studies.configuration, name="study_configuration"),
    path("<int:pk>/<slug:what>/", study_actions.act, name="study_act"),
]
