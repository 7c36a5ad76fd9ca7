"""
Cleaning noisy pictures
=======================

:class:`~sklearn_ae.DenoisingAutoencoder` adds noise to clean pictures and learns to
remove it. Here it denoises held-out pictures, and is compared with PCA with as many
components, which removes noise by projecting on a few directions.
"""

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from sklearn_ae import DenoisingAutoencoder

# %%
# Pictures and noise
# ------------------
# Pictures are clothes if there is a folder of data files, and digits otherwise, with
# grey levels from 0 to 1. Training pictures are clean. Held-out pictures get two kinds
# of noise: Gaussian noise on each pixel, and a fifth of the pixels black or white.

path = Path(os.environ.get("SKLEARN_AE_DATA", "."), "fashion_mnist.npz")
rng = np.random.default_rng(0)
if path.exists():
    X, side = rng.permutation(np.load(path)["X"])[:4000] / 255, 28
else:
    X, side = load_digits().data / 16, 8
train, test = train_test_split(X.astype(np.float32), random_state=0)
normal = test + 0.3 * rng.standard_normal(test.shape, dtype=np.float32)
speckled = np.where(
    rng.random(test.shape) < 0.2, rng.integers(2, size=test.shape), test
)

# %%
# Fit
# ---
# The noise in training is given in standard deviations of a pixel; a rough guess is
# enough. PCA's number of components matters more: with few it blurs, with many it keeps
# the noise. So PCA is also tried with the number that is best on these pictures.

n_components = 32
denoiser = DenoisingAutoencoder(
    n_components, noise="gaussian", noise_level=1.0, random_state=0
).fit(train)
pcas = {k: PCA(k, random_state=0).fit(train) for k in [4, 8, 12, 16, 24, 32, 64]}

# %%
# What is left of the noise
# -------------------------
# One autoencoder removes both kinds of noise, also the kind not used in training.

errors, cleaned = {}, {}
for name, noisy in {"normal": normal, "speckled": speckled}.items():
    by_pca = {k: pca.inverse_transform(pca.transform(noisy)) for k, pca in pcas.items()}
    pca_errors = {k: np.mean((by_pca[k] - test) ** 2) for k in pcas}
    best = min(pca_errors, key=pca_errors.get)
    cleaned[name] = {
        "noisy": noisy,
        f"PCA, {n_components}": by_pca[n_components],
        "PCA, best": by_pca[best],
        "denoised": denoiser.reconstruct(noisy),
        "clean": test,
    }
    print(f"{name} noise: PCA is best with {best} components, mean squared error")
    for kind, pictures in cleaned[name].items():
        print(f"    {kind:8} {np.mean((pictures - test) ** 2):.4f}")

figure, axes = plt.subplots(5, 12, figsize=(8, 3.6), layout="constrained")
for column, name in enumerate(cleaned):
    for line, (kind, pictures) in zip(axes, cleaned[name].items(), strict=True):
        line[0].set_ylabel(kind, rotation=0, ha="right", va="center")
        for axis, picture in zip(line[6 * column :][:6], pictures, strict=False):
            axis.imshow(picture.reshape(side, side), cmap="gray_r", vmin=0, vmax=1)
            axis.set(xticks=[], yticks=[])
axes[0, 2].set_title("Gaussian noise", loc="left")
axes[0, 8].set_title("speckled", loc="left")
plt.show()

# %%
# If pictures are smooth and the noise is weak, PCA may be enough. For larger pictures,
# see :ref:`sphx_glr_auto_gallery_plot_convolution_pictures.py`. For pairs of noisy and
# clean pictures, use :class:`~sklearn_ae.EncoderDecoderRegressor`.
