"""Outlier detection on top of a fitted autoencoder."""

from .detector import ReconstructionOutlierDetector
