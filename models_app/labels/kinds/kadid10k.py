"""KADID-10k (Lin et al. 2019): 1 to 5, the greater the better though its file says dmos."""

from models_app.labels.base import Scale
from models_app.labels.iqa_dataset import IqaDataset


class Kadid10k(IqaDataset):
    scale = Scale(1, 5)
