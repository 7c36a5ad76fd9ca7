"""Images drawn on matplotlib's axes."""

import numpy as np


def tiled(images, n_columns, gap=1):
    """Return images in lines of `n_columns` as one, with NaN between them."""
    n_images, height, width = images.shape
    n_lines = -(-n_images // n_columns)
    framed = np.full((n_lines * n_columns, height + gap, width + gap), np.nan)
    framed[:n_images, :height, :width] = images
    lines = framed.reshape(n_lines, n_columns, height + gap, width + gap)
    whole = lines.swapaxes(1, 2).reshape(n_lines * (height + gap), -1)
    return whole[: -gap or None, : -gap or None]


def show(axis, image, title=None, **style):
    """Show an image without ticks and frame."""
    axis.imshow(image, interpolation="nearest", **style)
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    if title:
        axis.set_title(title, fontsize=9)
