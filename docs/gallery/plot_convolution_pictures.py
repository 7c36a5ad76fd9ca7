"""
Convolution on pictures
=======================

An object in a picture has the same edges wherever it is.
:class:`~sklearn_ae.ConvolutionalAutoencoder` learns an edge once for all places. The
dense layers of :class:`~sklearn_ae.AutoencoderTransformer` have to learn it for each
place, and :class:`~sklearn.decomposition.PCA` needs several components for each place.
All three get the same number of codes here. Compare how sharp the reconstructions of
held-out pictures are.
"""

import os
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from sklearn_ae import AutoencoderTransformer, ConvolutionalAutoencoder

# %%
# The pictures
# ------------
# If the folder that ``SKLEARN_AE_DATA`` names has the Fashion-MNIST pictures of
# clothes, some of them are used, at half their width and height. Otherwise pictures of
# rings are generated. Three numbers describe a ring: its place and its radius.

path = Path(os.environ.get("SKLEARN_AE_DATA", "")) / "fashion_mnist.npz"
if path.exists():
    with np.load(path) as file:
        pictures = file["X"][:3_000].reshape(-1, 14, 2, 14, 2) / np.float32(255)
    pictures, n_components = pictures.mean(axis=(2, 4)), 16
else:
    rng = np.random.default_rng(0)
    side, n_pictures, n_components = 16, 2_000, 4
    centre = rng.uniform(4, side - 5, size=(2, n_pictures, 1, 1))
    radius = rng.uniform(2, 4, size=(n_pictures, 1, 1))
    rows, columns = np.mgrid[:side, :side]
    distance = np.hypot(rows - centre[0], columns - centre[1])
    pictures = np.clip(1.5 - np.abs(distance - radius), 0, 1)

train, test = train_test_split(pictures, test_size=0.25, random_state=0)
print(f"{len(train)} training pictures and {len(test)} held-out ones")

# %%
# Three models, one number of codes
# ---------------------------------
# PCA and the dense autoencoder need flattened rows. The convolutional one gets
# ``input_shape`` and takes rows or pictures. All reconstruct flattened rows.

X_train, X_test = train.reshape(len(train), -1), test.reshape(len(test), -1)
models = {
    "PCA": PCA(n_components),
    "AutoencoderTransformer": AutoencoderTransformer(n_components, random_state=0),
    "ConvolutionalAutoencoder": ConvolutionalAutoencoder(
        n_components, input_shape=pictures.shape[1:], random_state=0
    ),
}
reconstructions = {}
variance = np.mean(np.square(X_test - X_train.mean(axis=0)))
for name, model in models.items():
    started = time.perf_counter()
    model.fit(X_train)
    seconds = time.perf_counter() - started
    reconstructed = model.inverse_transform(model.transform(X_test))
    error = np.mean(np.square(X_test - reconstructed)) / variance
    reconstructions[name] = reconstructed.reshape(test.shape)
    print(f"{name:25} {error:6.2%} of the variance lost, {seconds:5.1f} s to fit")

# %%
# Reconstructions
# ---------------
# PCA blurs objects that can be in several places. The two autoencoders differ less: in
# the edges, and in small errors beside the shape. So their errors are plotted below.

n_shown = 8
rows = {"original": test} | reconstructions
figure, axes = plt.subplots(
    len(rows), n_shown, figsize=(7.5, 3.7), layout="constrained", squeeze=False
)
for line, (name, images) in zip(axes, rows.items(), strict=True):
    line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    for axis, image in zip(line, images, strict=False):
        axis.imshow(image, cmap="gray_r", vmin=0, vmax=1)
        axis.set(xticks=[], yticks=[])
figure.suptitle(f"Held-out pictures from {n_components} codes")
plt.show()

# %%
# How much is lost, picture by picture
# ------------------------------------
# A point above the diagonal is a picture on which the model has a larger error than the
# convolutional autoencoder.

errors = {
    name: np.mean(np.square(test - images), axis=(1, 2))
    for name, images in reconstructions.items()
}
best = errors["ConvolutionalAutoencoder"]
figure, axis = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
for name, color in (("PCA", "#0072B2"), ("AutoencoderTransformer", "#D55E00")):
    share = np.mean(errors[name] > best)
    label = f"{name}: worse on {share:.0%}"
    axis.loglog(best, errors[name], ".", ms=4, alpha=0.5, color=color, label=label)
ends = np.array([best.min(), best.max()])
axis.loglog(ends, ends, color="black", lw=1)
axis.set(xlabel="squared error of ConvolutionalAutoencoder", ylabel="squared error")
axis.set_title("Held-out pictures, one point for each and each model")
axis.legend(markerscale=3)
plt.show()

# %%
# Fits with convolutions take several times as long. Dense layers are enough where
# pictures are small, aligned or many. PCA is enough where they only differ in
# brightness or contrast.
