"""Classifiers and regressors on a pre-trained encoder."""

from .classifier import PretrainedClassifier
from .regressor import PretrainedRegressor
