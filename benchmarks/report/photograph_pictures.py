"""Pictures of photographs that regressors coloured and enlarged, patch by patch."""

import numpy as np
from matplotlib.figure import Figure

from ..data.photographs import (
    FACTOR,
    TASKS,
    corners,
    cut,
    enlarged,
    grey,
    halved,
    halves,
)
from ..runners.patches import Ridge, assembled, decibels, ours
from .images import show

N_PATCHES = 20_000


def draw_colour(folder):
    """Return the picture of grey photographs given their colours."""
    models, lines = _fitted("grey to colour"), []
    for picture in halves()[1]:
        inputs = grey(picture)
        shown = {"grey": inputs.repeat(3, axis=-1)}
        shown |= {name: assembled(model, inputs, 1) for name, model in models.items()}
        lines.append(shown | {"truth": picture})
    return _draw_lines(lines)


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
    return _draw_lines(lines, window)


def _fitted(task):
    """Return ridge regression and ours, fitted to many patches, by name."""
    target, degrade, _ = TASKS[task]
    left, _ = halves(target)
    Y = cut(left, corners(left, N_PATCHES, 0))
    X = degrade(Y)
    models = {"ridge regression": Ridge(), "EncoderDecoderRegressor": ours(X, Y)}
    return {name: model.fit(X, Y) for name, model in models.items()}


def _draw_lines(lines, window=np.s_[:, :]):
    """Draw the pictures of each line side by side, with their errors in decibels."""
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
