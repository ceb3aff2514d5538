from django.urls import path

from models_app.dashboard import checkpoint_compare, checkpoint_files, checkpoints, scoring

# A job's page links to job_results_KIND.
urlpatterns = [
    path("checkpoints/compare/", checkpoint_compare.page, name="checkpoint_compare"),
    path("checkpoints/compare/scores.csv", checkpoint_compare.table, name="checkpoint_table"),
    path("checkpoints/<int:pk>/notes/", checkpoints.notes, name="checkpoint_notes"),
    path("checkpoints/<int:pk>/card.json", checkpoint_files.card, name="checkpoint_card"),
    path("checkpoints/<int:pk>/weights.safetensors", checkpoint_files.weights,
         name="checkpoint_weights"),
    path("score/", scoring.index, name="score"),
    path("score/<int:pk>/", scoring.page, name="job_results_score_photo"),
    path("score/<int:pk>/state/", scoring.state, name="score_state"),
    path("score/<int:pk>/photo.jpg", scoring.photo, name="score_picture"),
    path("score/<int:pk>/distortions.csv", scoring.table, name="score_table"),
    path("score/<int:pk>/delete/", scoring.delete, name="score_delete"),
]  # fmt: skip
