from django.urls import path

from survey.dashboard import people, trail, views

app_name = "dashboard"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("surveys/<slug:slug>/", views.survey_page, name="survey"),
    path("surveys/<slug:slug>/votes.csv", views.votes, name="votes"),
    path("surveys/<slug:slug>/codebook.csv", views.codebook, name="codebook"),
    path("surveys/<slug:slug>/shares.csv", views.curves, name="shares"),
    path("people/", people.page, name="people"),
    path("people/invite/", people.invite, name="person_invite"),
    path("people/links/<int:pk>/revoke/", people.revoke, name="link_revoke"),
    path("people/audit/", trail.page, name="audit"),
    path("people/audit.csv", trail.download, name="audit_csv"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/role/", people.role, name="person_role"),
    path("people/<int:pk>/password/", people.password, name="person_password"),
    path("people/<int:pk>/deactivate/", people.deactivate, name="person_deactivate"),
    path("people/<int:pk>/reactivate/", people.reactivate, name="person_reactivate"),
]
