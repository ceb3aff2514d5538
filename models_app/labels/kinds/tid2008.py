"""TID2008 (Ponomarenko et al. 2009): 0 to 9."""

from models_app.labels.base import Scale
from models_app.labels.iqa_dataset import IqaDataset


class Tid2008(IqaDataset):
    scale = Scale(0, 9)
