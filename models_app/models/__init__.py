from models_app.models.contact_sheet import ContactSheet
from models_app.models.dataset import Dataset, Photo
from models_app.models.rendition import Rendition, SurveySource

__all__ = ["ContactSheet", "Dataset", "Photo", "Rendition", "SurveySource"]
