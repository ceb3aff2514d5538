from django.urls import path

from models_app.dashboard import (
    dataset_files,
    dataset_photos,
    dataset_samples,
    datasets,
    photo_import,
    photo_upload,
)

urlpatterns = [
    path("", datasets.datasets, name="datasets"),
    path("disk/", dataset_files.disk, name="dataset_disk"),
    path("disk/clean/", dataset_files.clean, name="dataset_clean"),
    path("add/", photo_upload.add, name="photos_add"),
    path("imports/<int:pk>/", photo_import.page, name="job_results_import_photos"),
    path("imports/<int:pk>/live/", photo_import.live, name="photo_import_live"),
    path("imports/<int:pk>/report.csv", photo_import.report, name="photo_import_report"),
    path("<int:pk>/", datasets.dataset, name="dataset"),
    path("<int:pk>/marks/", dataset_photos.marks, name="dataset_marks"),
    path("<int:pk>/sample/", dataset_samples.sample, name="dataset_sample"),
    path("<int:pk>/sample/figure.png", dataset_samples.figure, name="dataset_figure"),
    path("<int:pk>/sample/list.csv", dataset_samples.listing, name="dataset_listing"),
    path("<int:pk>/release/", dataset_files.release, name="dataset_release"),
    path("<int:pk>/release/release.zip", dataset_files.release_zip, name="dataset_zip"),
    path("<int:pk>/release/photos.zip", dataset_files.release_photos, name="dataset_zip_photos"),
    path("photos/<int:pk>/", dataset_photos.photo, name="dataset_photo"),
    path("photos/<int:pk>/mark/", dataset_photos.mark, name="dataset_mark"),
    path("photos/<int:pk>/<int:side>.jpg", dataset_photos.thumb, name="dataset_thumb"),
]
