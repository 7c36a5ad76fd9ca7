"""Pairs of patches from scikit-learn's two photographs, for regression.

Models are fitted to the left halves; the right halves are held out. The photographs are
china.jpg, by "FlickrFan", and flower.jpg, by dany13, both under CC BY.
"""

from typing import NamedTuple

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_images

SIDE, FACTOR = 8, 2
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
NOISE = 0.1


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
    """Functions from picture to output and from output to input, and the size ratio."""

    target: object
    degrade: object
    factor: int = 1


TASKS = {
    "grey to colour": Task(coloured, grey),
    "4x4 to 8x8": Task(grey, halved, FACTOR),
    "noisy to clean": Task(grey, noisy),
}


def halves(target=coloured):
    """Return `target` of the left halves and of the right halves.

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
