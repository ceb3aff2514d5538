from django.urls import path

from survey.dashboard import designs, downloads, invites, people, tokens, trail, views

app_name = "dashboard"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("surveys/<slug:slug>/", views.survey_page, name="survey"),
    path("surveys/<slug:slug>/votes.<slug:form>", downloads.votes, name="votes"),
    path("surveys/<slug:slug>/codebook.<slug:form>", downloads.codebook, name="codebook"),
    path("surveys/<slug:slug>/shares.csv", downloads.shares, name="shares"),
    path("surveys/<slug:slug>/design.json", designs.design, name="design"),
    path("designs/", designs.upload, name="design_import"),
    path("tokens/", tokens.page, name="tokens"),
    path("tokens/<int:pk>/revoke/", tokens.revoke, name="token_revoke"),
    path("surveys/<slug:slug>/invites/", invites.page, name="survey_invites"),
    path("surveys/<slug:slug>/invites/make/", invites.make, name="survey_invites_make"),
    path("surveys/<slug:slug>/invites/withdraw/", invites.withdraw, name="survey_invites_withdraw"),
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
    path(
        "people/<int:pk>/tokens/<int:token>/revoke/",
        tokens.revoke_of_person,
        name="person_token_revoke",
    ),
]
