from django.urls import path

from survey.web import entry, pictures, views

app_name = "survey"
urlpatterns = [
    path("", entry.home, name="home"),
    path("about/", entry.about, name="about"),
    path("s/<slug:slug>/", entry.start, name="start"),
    path("s/<slug:slug>/i/<slug:token>/", entry.start, name="invited"),
    path("s/<slug:slug>/consent/", views.consent, name="consent"),
    path("s/<slug:slug>/instructions/", views.instructions, name="instructions"),
    path("s/<slug:slug>/pair/", views.pair, name="pair"),
    path("s/<slug:slug>/done/", views.done, name="done"),
    path("s/<slug:slug>/p/<slug:token>", pictures.picture, name="picture"),
]
