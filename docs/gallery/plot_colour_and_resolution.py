"""
Colour for grey pictures, and more pixels
=========================================

:class:`~sklearn_ae.EncoderDecoderRegressor` maps pictures to pictures. It starts as
ridge regression, which is replaced only for a gain on validation rows. Here it learns
from patches of the left halves of two photographs. Then it colours the right halves,
and doubles their size. Look at the flower: ridge regression colours it only a little,
because no weighted sum of grey levels separates petals from leaves. In the landscape
sky and leaves of the same brightness are confused, and the grey picture has the smaller
error.
"""

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_images
from sklearn.linear_model import RidgeCV

from sklearn_ae import EncoderDecoderRegressor

# %%
# Patches
# -------
# Colours are from 0 to 1. The mean of 2x2 pixels halves a picture. The photographs come
# with scikit-learn: china.jpg by "FlickrFan" and flower.jpg by dany13, both CC BY.

rng = np.random.default_rng(0)
photographs = [image[:424] / np.float32(255) for image in load_sample_images().images]
left = [photograph[:, :320] for photograph in photographs]
right = [photograph[:, 320:] for photograph in photographs]


def patches_of(pictures, n_patches, side=8):
    """Return patches at random places, as many of each picture."""
    patches = []
    for picture in pictures:
        limits = np.array(picture.shape[:2]) - side + 1
        for top, start in rng.integers(limits, size=(n_patches, 2)):
            patches.append(picture[top : top + side, start : start + side])
    return np.stack(patches)


def halved(pictures):
    """Return pictures half as high and wide."""
    *more, height, width, n_channels = pictures.shape
    cells = pictures.reshape(*more, height // 2, 2, width // 2, 2, n_channels)
    return cells.mean(axis=(-4, -2))


def grey(pictures):
    """Return the brightness of pictures, with one channel."""
    return pictures @ np.array([[0.299], [0.587], [0.114]], dtype=np.float32)


def made_of(model, picture, side, factor=1):
    """Return a whole picture, each pixel the mean over the patches that hold it."""
    height, width, _ = picture.shape
    places = [
        (top, start)
        for top in range(0, height - side + 1, side // 2)
        for start in range(0, width - side + 1, side // 2)
    ]
    patches = [picture[t : t + side, s : s + side].ravel() for t, s in places]
    large = factor * side
    outputs = model.predict(np.stack(patches)).reshape(len(places), large, large, -1)
    total = np.zeros((factor * height, factor * width, outputs.shape[-1]))
    count = np.zeros((factor * height, factor * width, 1))
    for (top, start), patch in zip(np.multiply(places, factor), outputs, strict=True):
        total[top : top + large, start : start + large] += patch
        count[top : top + large, start : start + large] += 1
    return total / count


# %%
# Grey to colour
# --------------
# The colour of a patch depends on its brightness and texture, so dense layers predict
# each pixel from all pixels of the patch. ``RidgeCV`` is the start. The titles have the
# peak signal-to-noise ratio: more decibels are better.

penalties = np.logspace(-3, 3, 7)
Y = patches_of(left, n_patches=5_000)
X = grey(Y)
models = {
    "ridge regression": RidgeCV(penalties),
    "encoder-decoder": EncoderDecoderRegressor(max_epochs=20, random_state=0),
}
columns = {"grey": [grey(truth).repeat(3, axis=-1) for truth in right]}
for name, model in models.items():
    model.fit(X.reshape(len(X), -1), Y.reshape(len(Y), -1))
    columns[name] = [made_of(model, grey(truth), 8) for truth in right]


def draw(columns, size, window=np.s_[:]):
    """Draw pictures beside the truth, with their errors in decibels."""
    n_columns = len(columns) + 1
    _, axes = plt.subplots(2, n_columns, figsize=size, layout="constrained")
    for number, line in enumerate(axes):
        for axis, (name, pictures) in zip(line, columns.items(), strict=False):
            error = np.mean(np.square(pictures[number] - right[number]))
            axis.imshow(np.clip(pictures[number], 0, 1)[window])
            axis.set_title(f"{name}\n{-10 * np.log10(error):.1f} dB", fontsize=10)
        line[-1].imshow(right[number][window])
        line[-1].set_title("truth", fontsize=10)
        for axis in line:
            axis.axis("off")
    plt.show()


draw(columns, (8, 6))

# %%
# Small to large
# --------------
# Edges look the same everywhere in a picture, so here the regressor gets the shapes of
# its pictures and has convolutions. It learns from grey patches and is applied to each
# colour channel. Bicubic interpolation, which learns nothing, is almost as good. The
# plot shows a part of each picture; the decibels are those of the whole picture.

Y = grey(patches_of(left, n_patches=5_000))
X = halved(Y)
models["encoder-decoder"] = EncoderDecoderRegressor(
    input_shape=(4, 4, 1), output_shape=(8, 8, 1), max_epochs=20, random_state=0
)
small = [halved(truth) for truth in right]
images = [Image.fromarray(np.uint8(255 * picture + 0.5)) for picture in small]
columns = {
    "half as large": [
        np.asarray(i.resize((320, 424), Image.Resampling.NEAREST)) / 255 for i in images
    ],
    "bicubic": [
        np.asarray(i.resize((320, 424), Image.Resampling.BICUBIC)) / 255 for i in images
    ],
}
for name, model in models.items():
    model.fit(X.reshape(len(X), -1), Y.reshape(len(Y), -1))
    columns[name] = [
        np.dstack([made_of(model, p[..., [c]], 4, factor=2) for c in range(3)])
        for p in small
    ]
draw(columns, (8, 5), np.s_[280:380, 40:120])

# %%
# Where outputs are nearly linear in inputs, as in enlarging pictures, ridge regression
# is nearly as good. For realistic colours, use many more photographs, of the same kind
# as those to be coloured.
