"""Pretrained classifiers and regressors as tests make them."""

import numpy as np

from sklearn_ae import AutoencoderTransformer, PretrainedClassifier, PretrainedRegressor

# An autoencoder that trains in a moment. It is cloned wherever it is used.
AUTOENCODER = AutoencoderTransformer(
    3,
    hidden_layer_sizes=(16,),
    max_epochs=4,
    batch_size=64,
    validation_fraction=0.2,
    random_state=0,
)
SHORT = {"head_layer_sizes": (16,), "max_epochs": 6, "random_state": 0}
# With these, fine-tuning leaves its start.
LONG = {"max_epochs": 30, "batch_size": 16, "head_learning_rate": 0.05}


def make_classifier(estimator, **parameters):
    return PretrainedClassifier(estimator, **(SHORT | parameters))


def make_regressor(estimator, **parameters):
    return PretrainedRegressor(estimator, **(SHORT | parameters))


def scale_codes(codes):
    """Centre codes, and divide all of them by one number."""
    centred = codes - codes.mean(axis=0)
    return centred / np.sqrt(codes.var(axis=0).mean())
