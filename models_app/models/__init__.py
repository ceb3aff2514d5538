from models_app.models.checkpoint import Checkpoint
from models_app.models.contact_sheet import ContactSheet
from models_app.models.dataset import Dataset, Photo
from models_app.models.findings import PhotoContent, PhotoScore
from models_app.models.job import Job, JobArtifact, JobMetric, JobSeries, Worker
from models_app.models.rendition import Rendition, SurveySource

__all__ = [
    "Checkpoint",
    "ContactSheet",
    "Dataset",
    "Job",
    "JobArtifact",
    "JobMetric",
    "JobSeries",
    "Photo",
    "PhotoContent",
    "PhotoScore",
    "Rendition",
    "SurveySource",
    "Worker",
]
