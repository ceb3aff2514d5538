from django.urls import path

from models_app.dashboard import evaluation_compare, evaluations, finetuning

# A job's page links to job_results_KIND.
urlpatterns = [
    path("evaluations/", evaluations.index, name="evaluations"),
    path("evaluations/<int:pk>/", evaluations.page, name="job_results_evaluate"),
    path("evaluations/compare/", evaluation_compare.page, name="evaluation_compare"),
    path("evaluations/compare/draw/", evaluation_compare.draw, name="evaluation_draw"),
    path("evaluations/comparisons/<int:pk>/", evaluation_compare.result,
         name="job_results_compare_evaluations"),
    path("finetuning/", finetuning.index, name="finetunings"),
    path("finetuning/<int:pk>/", finetuning.page, name="job_results_finetune"),
]  # fmt: skip
