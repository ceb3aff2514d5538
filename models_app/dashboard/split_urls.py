from django.urls import path

from models_app.dashboard import splits

urlpatterns = [
    path("labels/<int:pk>/split/", splits.make, name="split_make"),
    path("splits/leaks/<str:token>", splits.leaks, name="split_leaks"),
    path("splits/<int:pk>/", splits.page, name="split"),
    path("splits/<int:pk>/members.json", splits.members, name="split_members"),
    path("splits/<int:pk>/<slug:part>.txt", splits.part_list, name="split_part"),
]
