"""Regressors of patches, and whole pictures from overlapping patches."""

import numpy as np
from sklearn.linear_model import RidgeCV

from sklearn_ae import EncoderDecoderRegressor

from ..data.photographs import SIDE, cut

ALPHAS = np.logspace(-3, 3, 7)


class Ridge:
    """RidgeCV of flattened patches, with a penalty of its choice."""

    def fit(self, X, Y):
        self.model, self.axes = RidgeCV(ALPHAS), Y.shape[1:]
        self.model.fit(X.reshape(len(X), -1), Y.reshape(len(Y), -1))
        return self

    def predict(self, X):
        outputs = self.model.predict(X.reshape(len(X), -1))
        return outputs.reshape(-1, *self.axes)


def ours(X, Y, **parameters):
    """Return our regressor of patches with their axes."""
    shapes = {"input_shape": X.shape[1:], "output_shape": Y.shape[1:]}
    return EncoderDecoderRegressor(**shapes, **({"random_state": 0} | parameters))


def assembled(model, inputs, factor):
    """Return a whole picture, each pixel the mean over the patches that hold it."""
    side, step = SIDE // factor, max(2 // factor, 1)
    tops, lefts = (
        np.unique(np.append(np.arange(0, size - side, step), size - side))
        for size in inputs.shape[:2]
    )
    total, count = 0.0, np.zeros((*np.multiply(inputs.shape[:2], factor), 1))
    for top in tops:
        places = [(0, top, left) for left in lefts]
        outputs = model.predict(cut([inputs], places, side))
        if not np.ndim(total):
            total = np.zeros((*count.shape[:2], outputs.shape[-1]))
        for (_, top, left), patch in zip(places, outputs, strict=True):
            where = np.s_[
                factor * top : factor * top + SIDE, factor * left : factor * left + SIDE
            ]
            total[where] += patch
            count[where] += 1
    return total / count


def decibels(error):
    """Return the peak signal-to-noise ratio of a squared error, for a peak of 1."""
    return -10 * np.log10(error)
