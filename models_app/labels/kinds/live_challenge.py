"""LIVE In the Wild (Ghadiyaram and Bovik 2016): 0 to 100."""

from models_app.labels.base import Scale
from models_app.labels.iqa_dataset import IqaDataset


class LiveChallenge(IqaDataset):
    scale = Scale(0, 100)
