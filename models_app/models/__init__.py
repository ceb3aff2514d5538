from models_app.models.dataset import Dataset, Photo
from models_app.models.rendition import Rendition, SurveySource

__all__ = ["Dataset", "Photo", "Rendition", "SurveySource"]
