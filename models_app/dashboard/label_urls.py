from django.urls import path

from models_app.dashboard import label_import, labels

urlpatterns = [
    path("", labels.index, name="labels"),
    path("import/", label_import.take, name="label_import"),
    # A job's page links to job_results_KIND.
    path("imported/<int:pk>/", label_import.imported, name="job_results_import_labels"),
    path("<int:pk>/", labels.page, name="label_set"),
    path("<int:pk>/delete/", labels.delete, name="label_delete"),
    path("<int:pk>/labels.csv", labels.table, name="label_table"),
    path("<int:pk>/findings.csv", labels.findings, name="label_findings"),
]
