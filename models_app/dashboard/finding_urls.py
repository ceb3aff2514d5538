from django.urls import path

from models_app.dashboard import checkpoints, diversity, nima

# A job's page links to job_results_KIND.
urlpatterns = [
    path("nima/", nima.index, name="nima_checks"),
    path("nima/<int:pk>/", nima.page, name="job_results_nima_check"),
    path("nima/<int:pk>/scores.csv", nima.scores, name="nima_scores"),
    path("nima/<int:pk>/exclude/<int:photo>/", nima.exclude, name="nima_exclude"),
    path("nima/<int:pk>/include/<int:photo>/", nima.include, name="nima_include"),
    path("diversity/", diversity.index, name="diversity_checks"),
    path("diversity/<int:pk>/", diversity.page, name="job_results_diversity_check"),
    path("diversity/<int:pk>/<slug:name>.tsv", diversity.counts, name="diversity_counts"),
    path("diversity/<int:pk>/contents.csv", diversity.contents, name="diversity_contents"),
    path("checkpoints/", checkpoints.index, name="checkpoints"),
    path("checkpoints/import/", checkpoints.take, name="checkpoint_import"),
    path("checkpoints/import/<int:pk>/", checkpoints.imported,
         name="job_results_import_checkpoint"),
    path("checkpoints/<int:pk>/", checkpoints.page, name="checkpoint"),
    path("checkpoints/<int:pk>/delete/", checkpoints.delete, name="checkpoint_delete"),
]  # fmt: skip
