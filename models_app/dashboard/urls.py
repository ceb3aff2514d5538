from django.urls import include, path

from models_app.dashboard import (
    job_actions,
    job_launch,
    job_pages,
    jobs,
    sheets,
    views,
    workers,
)

app_name = "models_dashboard"
urlpatterns = [
    path("surveys/<slug:slug>/renditions/", views.renditions, name="renditions"),
    path("datasets/", include("models_app.dashboard.dataset_urls")),
    path("", include("models_app.dashboard.finding_urls")),
    path("", include("models_app.dashboard.registry_urls")),
    path("training/", include("models_app.dashboard.training_urls")),
    path("studies/", include("models_app.dashboard.study_urls")),
    path("labels/", include("models_app.dashboard.label_urls")),
    path("", include("models_app.dashboard.split_urls")),
    path("", include("models_app.dashboard.evaluation_urls")),
    path("distortions/", sheets.page, name="distortions"),
    path("distortions/ask/", sheets.ask, name="sheet_ask"),
    path("distortions/state/", sheets.state, name="sheet_state"),
    path("distortions/<int:sheet>/<slug:key>.jpg", sheets.strip, name="strip"),
    path("jobs/", jobs.board, name="jobs"),
    path("jobs/live/", jobs.live, name="jobs_live"),
    path("jobs/launch/", job_launch.kinds, name="job_kinds"),
    path("jobs/launch/<slug:key>/", job_launch.launch, name="job_launch"),
    path("jobs/launch/<slug:key>/schema.json", job_launch.schema, name="job_schema"),
    path("jobs/<int:pk>/", job_pages.page, name="job"),
    path("jobs/<int:pk>/live/", job_pages.live, name="job_live"),
    path("jobs/<int:pk>/curves/", job_pages.curves, name="job_curves"),
    path("jobs/<int:pk>/metrics.csv", job_pages.points, name="job_points"),
    path("jobs/<int:pk>/artifacts/<int:artifact>/", job_pages.artifact, name="job_artifact"),
    path("jobs/<int:pk>/cancel/", job_actions.cancel, name="job_cancel"),
    path("jobs/<int:pk>/resume/", job_actions.resume, name="job_resume"),
    path("jobs/<int:pk>/delete/", job_actions.delete, name="job_delete"),
    path("workers/", workers.page, name="workers"),
    path("workers/live/", workers.live, name="workers_live"),
]
