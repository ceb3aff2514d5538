from django.urls import path

from survey.web import views

app_name = "survey"
urlpatterns = [
    path("", views.home, name="home"),
    path("about/", views.about, name="about"),
    path("s/<slug:slug>/", views.start, name="start"),
    path("s/<slug:slug>/consent/", views.consent, name="consent"),
    path("s/<slug:slug>/instructions/", views.instructions, name="instructions"),
    path("s/<slug:slug>/pair/", views.pair, name="pair"),
    path("s/<slug:slug>/done/", views.done, name="done"),
    path("s/<slug:slug>/p/<slug:token>", views.picture, name="picture"),
]
