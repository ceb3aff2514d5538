"""LIVE release 2 (Sheikh et al. 2006): realigned DMOS, the smaller the better.

The realignment of z-scores has no bounds; the published values lie between -2.7 and 111.8.
"""

from models_app.labels.base import Scale
from models_app.labels.iqa_dataset import IqaDataset


class Live(IqaDataset):
    scale = Scale(-10, 120, higher_is_better=False)
