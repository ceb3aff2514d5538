from django.urls import path, re_path

from models_app.dashboard import training, training_compare

# A job's page links to job_results_KIND.
urlpatterns = [
    path("", training.index, name="training"),
    path("compare/", training_compare.page, name="training_compare"),
    path("compare/runs.csv", training_compare.table, name="training_table"),
    re_path(r"^compare/curve\.(?P<kind>svg|png)$", training_compare.figure, name="training_curve"),
    path("<int:pk>/", training.page, name="job_results_pretrain"),
    path("<int:pk>/pictures/<int:artifact>/", training.picture, name="training_picture"),
]
