from models_app.models.checkpoint import Checkpoint
from models_app.models.contact_sheet import ContactSheet
from models_app.models.dataset import Dataset, Photo
from models_app.models.evaluation import Evaluation
from models_app.models.findings import PhotoContent, PhotoScore
from models_app.models.job import Job, JobArtifact, JobMetric, JobSeries, Worker
from models_app.models.labels import Label, LabelSet, LabelSplit
from models_app.models.photo_import import ImportedFile
from models_app.models.rendition import Rendition, SurveySource
from models_app.models.study import Study, StudyPart

__all__ = [
    "Checkpoint",
    "ContactSheet",
    "Dataset",
    "Evaluation",
    "ImportedFile",
    "Job",
    "JobArtifact",
    "JobMetric",
    "JobSeries",
    "Label",
    "LabelSet",
    "LabelSplit",
    "Photo",
    "PhotoContent",
    "PhotoScore",
    "Rendition",
    "Study",
    "StudyPart",
    "SurveySource",
    "Worker",
]
