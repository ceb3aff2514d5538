"""SPAQ (Fang et al. 2020): smartphone photos, 0 to 100."""

from models_app.labels.base import Scale
from models_app.labels.iqa_dataset import IqaDataset


class Spaq(IqaDataset):
    scale = Scale(0, 100)
