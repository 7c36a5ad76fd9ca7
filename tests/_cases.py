"""The public estimators as tests make them: small, and trained in a moment."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone

from sklearn_ae import (
    AutoencoderTransformer,
    CodeCompressor,
    ConvolutionalAutoencoder,
    DenoisingAutoencoder,
    EncoderDecoderRegressor,
    PretrainedClassifier,
    PretrainedRegressor,
    ReconstructionOutlierDetector,
    SparseAutoencoder,
    VariationalAutoencoder,
)

# Autoencoders, from which the fixture `estimator_class` takes its parameters.
ESTIMATORS = [
    AutoencoderTransformer,
    ConvolutionalAutoencoder,
    DenoisingAutoencoder,
    SparseAutoencoder,
    VariationalAutoencoder,
]

TRAINING = {
    "learning_rate": 0.02,
    "batch_size": 32,
    "max_epochs": 4,
    # Of 300 rows, these are enough to judge by: one training instead of six.
    "validation_fraction": 0.2,
    "random_state": 0,
}
QUICK = TRAINING | {"hidden_layer_sizes": (32,)}


def make_quick(estimator_class, n_components=2, **parameters):
    """Return an estimator that trains in a moment and leaves PCA on `X`."""
    channels = {"channels": (4,)} if estimator_class is ConvolutionalAutoencoder else {}
    return estimator_class(n_components, **(QUICK | channels | parameters))


SMALL = TRAINING | {"hidden_layer_sizes": (8,)}
# Tables of 60 rows have six trainings whatever the share of validation rows.
BRIEF = TRAINING | {"max_epochs": 2}


def make_small(estimator_class=AutoencoderTransformer, **parameters):
    """Return an estimator that trains in less time than `make_quick`'s."""
    return estimator_class(2, **(SMALL | parameters))


class Case(NamedTuple):
    """A public estimator, its parameters, and the methods that tests compare."""

    estimator_class: type
    parameters: dict
    # Of the names of what sets the training: "estimator__" where another one trains.
    prefix: str = ""
    methods: tuple[str, ...] = ("transform", "reconstruct", "reconstruction_error")
    make_targets: object = None

    def make(self, **training):
        """Return an unfitted estimator, with some parameters of training changed."""
        estimator = clone(self.estimator_class(**self.parameters))
        return estimator.set_params(
            **{self.prefix + name: value for name, value in training.items()}
        )

    def fit(self, estimator, X):
        """Fit an estimator to rows, and to targets made of them where it needs some."""
        if self.make_targets is None:
            return estimator.fit(X)
        return estimator.fit(X, self.make_targets(X))

    def answers(self, estimator, X):
        """Return the results of all methods of a fitted estimator, as arrays."""
        return {
            name: np.frombuffer(estimator.compress(X), np.uint8)
            if name == "compress"
            else np.asarray(getattr(estimator, name)(X))
            for name in self.methods
        }


def last_column_ranks(X):
    """Return ranks in the last column, from 0 to 1."""
    return pd.Series(np.asarray(X)[:, -1].astype(float)).rank(pct=True)


def make_classes(X):
    """Return three classes by the last column, every third row without a label."""
    ranks = last_column_ranks(X)
    classes = np.digitize(ranks, [0.3, 0.7])
    return np.where(np.arange(len(ranks)) % 3 == 2, -1, classes)


def make_numbers(X):
    """Return one number a row by the last column, NaN for every third row."""
    ranks = last_column_ranks(X)
    return np.where(np.arange(len(ranks)) % 3 == 2, np.nan, np.sin(6 * ranks))


def make_outputs(X):
    """Return two numbers a row, one of them no linear function of X."""
    ranks = last_column_ranks(X)
    return np.column_stack([ranks, np.sin(6 * ranks)])


LAYERED = BRIEF | {"hidden_layer_sizes": (8,)}
CODED = LAYERED | {"n_components": 2}
CONVOLUTIONAL = BRIEF | {"n_components": 2, "channels": (4,)}
WRAPPED = {"estimator": AutoencoderTransformer(2, **LAYERED), "random_state": 0}
HEADED = WRAPPED | {"head_layer_sizes": (8,), "max_epochs": 2, "batch_size": 32}
CASES = [
    Case(AutoencoderTransformer, CODED),
    Case(ConvolutionalAutoencoder, CONVOLUTIONAL),
    Case(DenoisingAutoencoder, CODED),
    Case(SparseAutoencoder, CODED),
    Case(VariationalAutoencoder, CODED),
    Case(
        ReconstructionOutlierDetector,
        WRAPPED,
        "estimator__",
        ("score_samples", "predict", "explain"),
    ),
    Case(
        PretrainedClassifier, HEADED, "", ("predict_proba", "transform"), make_classes
    ),
    Case(PretrainedRegressor, HEADED, "", ("predict", "transform"), make_numbers),
    Case(EncoderDecoderRegressor, LAYERED, "", ("predict", "transform"), make_outputs),
    Case(CodeCompressor, WRAPPED, "estimator__", ("compress",)),
]


METHODS = ["transform", "predict", "predict_proba", "score_samples", "explain"]
METHODS += ["reconstruct", "reconstruction_error", "impute"]


def all_results(estimator, X):
    """Return the results of every method of a fitted estimator, by name."""
    results = {
        name: getattr(estimator, name)(X)
        for name in METHODS
        if hasattr(estimator, name)
    }
    if hasattr(estimator, "inverse_transform"):
        results["inverse_transform"] = estimator.inverse_transform(results["transform"])
    if hasattr(estimator, "sample"):
        results["sample"] = estimator.sample(3, random_state=0)
    if hasattr(estimator, "get_feature_names_out"):
        results["names"] = estimator.get_feature_names_out()
    if hasattr(estimator, "compress"):
        results["bytes"] = estimator.compress(X)
        results["decompress"] = estimator.decompress(results["bytes"])
    return results
