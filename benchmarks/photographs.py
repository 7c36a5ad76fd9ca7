"""Pairs of patches of scikit-learn's two photographs, and whole pictures of them.

Models learn from the left halves; the right ones are held out. The photographs are
china.jpg, by "FlickrFan", and flower.jpg, by dany13, both under CC BY.
"""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from sklearn.datasets import load_sample_images
from sklearn.linear_model import RidgeCV

from sklearn_ae import EncoderDecoderRegressor

from .images import show

SIDE, FACTOR = 8, 2
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
NOISE = 0.1
ALPHAS = np.logspace(-3, 3, 7)
N_DRAWN = 20_000
MAX_EPOCHS = 40


def coloured(pictures):
    """Return pictures as they are."""
    return pictures


def grey(pictures, rng=None):
    """Return the luma of pictures, with one channel."""
    return (pictures @ LUMA)[..., None]


def halved(pictures, rng=None):
    """Return pictures half as wide and high: means of 2x2 pixels."""
    *more, height, width, n_channels = pictures.shape
    axes = height // FACTOR, FACTOR, width // FACTOR, FACTOR, n_channels
    return pictures.reshape(*more, *axes).mean(axis=(-4, -2))


def noisy(pictures, rng):
    """Return pictures with Gaussian noise of deviation `NOISE`."""
    noise = rng.standard_normal(pictures.shape, dtype=np.float32)
    return pictures + np.float32(NOISE) * noise


class Task(NamedTuple):
    """What outputs are made of pictures by, inputs of outputs, and how much smaller."""

    target: object
    degrade: object
    factor: int = 1


TASKS = {
    "grey to colour": Task(coloured, grey),
    "4x4 to 8x8": Task(grey, halved, FACTOR),
    "noisy to clean": Task(grey, noisy),
}


def halves(target=coloured):
    """Return what `target` makes of the left halves and the right ones.

    Channels are from 0 to 1, heights and widths even.
    """
    pictures = [image / np.float32(255) for image in load_sample_images().images]
    pictures = [image[: len(image) // 2 * 2] for image in pictures]
    pictures = [target(picture) for picture in pictures]
    middle = pictures[0].shape[1] // 4 * 2
    return [p[:, :middle] for p in pictures], [p[:, middle:] for p in pictures]


def corners(pictures, n_patches, seed, step=1):
    """Return (picture, row, column) of as many patches of each, drawn at random."""
    rng = np.random.default_rng(seed)
    drawn = []
    for number, picture in enumerate(pictures):
        limits = [(size - SIDE) // step + 1 for size in picture.shape[:2]]
        places = step * rng.integers(0, limits, size=(n_patches // len(pictures), 2))
        drawn.append(np.insert(places, 0, number, axis=1))
    return np.concatenate(drawn)


def cut(pictures, places, side=SIDE):
    """Return the patches at (picture, row, column)."""
    return np.stack(
        [pictures[n][top : top + side, left : left + side] for n, top, left in places]
    )


def enlarged(picture):
    """Return a picture twice as wide and high, by bicubic interpolation."""
    height, width, _ = picture.shape
    size = width * FACTOR, height * FACTOR
    channels = [
        Image.fromarray(channel).resize(size, Image.Resampling.BICUBIC)
        for channel in np.moveaxis(picture, -1, 0)
    ]
    return np.stack([np.asarray(channel) for channel in channels], axis=-1)


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


def draw_colour(folder):
    """Return the picture of grey photographs given their colours."""
    models, lines = _fitted("grey to colour"), []
    for picture in halves()[1]:
        inputs = grey(picture)
        shown = {"grey": inputs.repeat(3, axis=-1)}
        shown |= {name: assembled(model, inputs, 1) for name, model in models.items()}
        lines.append(shown | {"truth": picture})
    return _drawn(lines)


def draw_size(folder):
    """Return the picture of small photographs made large, channel by channel."""
    models, lines = _fitted("4x4 to 8x8"), []
    window = np.s_[250:410, 60:220]
    for picture in halves()[1]:
        small = halved(picture)
        nearest = small.repeat(FACTOR, axis=0).repeat(FACTOR, axis=1)
        shown = {"half as large": nearest, "bicubic": enlarged(small)}
        for name, model in models.items():
            channels = np.split(small, 3, axis=-1)
            made = [assembled(model, channel, FACTOR) for channel in channels]
            shown[name] = np.concatenate(made, axis=-1)
        lines.append(shown | {"truth": picture})
    return _drawn(lines, window)


def _fitted(task):
    """Return ridge regression and ours, fitted to many patches, by name."""
    target, degrade, _ = TASKS[task]
    left, _ = halves(target)
    Y = cut(left, corners(left, N_DRAWN, 0))
    X = degrade(Y)
    models = {"ridge regression": Ridge(), "EncoderDecoderRegressor": ours(X, Y)}
    return {name: model.fit(X, Y) for name, model in models.items()}


def _drawn(lines, window=np.s_[:, :]):
    """Draw pictures of each line beside each other, with how far they are off."""
    height, width = lines[0]["truth"][window].shape[:2]
    each = 9 / len(lines[0]) * height / width + 0.5
    figure = Figure(figsize=(9, each * len(lines)), layout="constrained")
    axes = figure.subplots(len(lines), len(lines[0]))
    for line, shown in zip(axes, lines, strict=True):
        for axis, (name, image) in zip(line, shown.items(), strict=True):
            error = np.mean(np.square(image - shown["truth"]))
            label = f"{name}\n{decibels(error):.1f} dB" if error else name
            show(axis, np.clip(image, 0, 1)[window], label)
    return figure


def decibels(error):
    """Return the peak signal-to-noise ratio of a squared error, for a peak of 1."""
    return -10 * np.log10(error)
