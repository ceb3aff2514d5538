"""CSIQ (Larson and Chandler 2010): DMOS from 0 to 1, the smaller the better."""

from models_app.labels.base import Scale
from models_app.labels.iqa_dataset import IqaDataset


class Csiq(IqaDataset):
    scale = Scale(0, 1, higher_is_better=False)
