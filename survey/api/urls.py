from django.urls import path

from survey.api import staff, views

app_name = "survey_api"
urlpatterns = [
    path("", staff.SurveysView.as_view(), name="surveys"),
    path("<slug:slug>/pair/", views.PairView.as_view(), name="pair"),
    path("<slug:slug>/votes/", views.VoteView.as_view(), name="votes"),
    path("<slug:slug>/skips/", views.SkipView.as_view(), name="skips"),
    path("<slug:slug>/undo/", views.UndoView.as_view(), name="undo"),
    path("<slug:slug>/breaks/", views.BreakView.as_view(), name="breaks"),
    path("<slug:slug>/results/", staff.ResultsView.as_view(), name="results"),
    path("<slug:slug>/ledger/", staff.LedgerView.as_view(), name="ledger"),
    path("<slug:slug>/conditions/", staff.ConditionsView.as_view(), name="conditions"),
    path("<slug:slug>/votes.csv", staff.VotesCsvView.as_view(), name="votes_csv"),
    path("<slug:slug>/votes.jsonl", staff.VotesJsonLinesView.as_view(), name="votes_jsonl"),
    path("<slug:slug>/votes.parquet", staff.VotesParquetView.as_view(), name="votes_parquet"),
    path("<slug:slug>/codebook.csv", staff.CodebookView.as_view(), name="codebook_file"),
]
