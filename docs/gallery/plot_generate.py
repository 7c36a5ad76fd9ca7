"""
Drawing new rows
================

:class:`~sklearn_ae.VariationalAutoencoder` learns the density of rows. It starts as
probabilistic PCA, whose log-likelihood is ``PCA.score``. This example draws digits,
interpolates between two digits, and draws rows of a table with categories.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from sklearn_ae import VariationalAutoencoder

X = load_digits().data / 16
train, test = train_test_split(X, random_state=0)

# %%
# How likely held-out digits are
# ------------------------------
# ``score`` is the mean log-likelihood of a row, in nats, for both.

n_components = 8
pca = PCA(n_components, random_state=0).fit(train)
density = VariationalAutoencoder(n_components, random_state=0).fit(train)
print(f"probabilistic PCA       {pca.score(test):6.1f} nats a row")
print(f"VariationalAutoencoder  {density.score(test):6.1f} nats a row")
likelier = density.score_samples(test) > pca.score_samples(test)
print(f"rows that are likelier to the autoencoder: {likelier.mean():.0%}")

# %%
# New digits
# ----------
# PCA has no ``sample``, but drawing from its density is easy: decode normal codes and
# add noise. Real digits are on the left.

rng = np.random.default_rng(0)
noise = pca.noise_variance_
codes = rng.normal(size=(60, n_components)) * np.sqrt(pca.explained_variance_ - noise)
by_pca = pca.inverse_transform(codes) + np.sqrt(noise) * rng.normal(size=(60, 64))
kinds = {
    "held-out digits": test[:60],
    "drawn by the autoencoder": density.sample(60, random_state=0),
    "drawn by probabilistic PCA": by_pca,
}
figure, axes = plt.subplots(1, 3, figsize=(8, 1.95), layout="constrained")
for axis, (title, pictures) in zip(axes, kinds.items(), strict=True):
    tiles = np.pad(pictures.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    tiles = tiles.reshape(6, 10, 10, 10).swapaxes(1, 2).reshape(60, 100)
    axis.imshow(tiles, cmap="gray_r", vmin=0, vmax=1)
    axis.set_title(title, fontsize=10)
    axis.set(xticks=[], yticks=[])
plt.show()

# %%
# From one digit to another
# -------------------------
# Each line interpolates between the codes of two held-out digits. The autoencoder moves
# strokes. PCA is linear and can only blend one picture into the other.

first, last = test[[0, 1, 2, 3, 4]], test[[5, 6, 7, 8, 9]]
steps = np.linspace(0, 1, 10)[:, None]
figure, axes = plt.subplots(1, 2, figsize=(8, 2.4), layout="constrained")
for axis, model in zip(axes, [density, pca], strict=True):
    lines = [
        model.inverse_transform(start + steps * (end - start))
        for start, end in zip(
            model.transform(first), model.transform(last), strict=True
        )
    ]
    tiles = np.pad(np.reshape(lines, (-1, 8, 8)), ((0, 0), (1, 1), (1, 1)))
    tiles = tiles.reshape(5, 10, 10, 10).swapaxes(1, 2).reshape(50, 100)
    axis.imshow(tiles, cmap="gray_r", vmin=0, vmax=1)
    axis.set(title=type(model).__name__, xticks=[], yticks=[])
plt.show()

# %%
# Rows of a table
# ---------------
# For a frame, ``sample`` returns a frame. Categories are drawn by their probabilities,
# and integer columns have integers. Means by category show whether the columns of drawn
# rows depend on each other as those of real rows do.

kind = rng.choice(["bike", "car", "van"], 1000, p=[0.2, 0.6, 0.2])
weight = pd.Series(kind).map({"bike": 12, "car": 1300, "van": 2100})
cars = pd.DataFrame(
    {
        "kind": kind,
        "kilograms": weight * rng.normal(1, 0.1, 1000),
        "seats": np.where(kind == "bike", 1, rng.integers(2, 6, 1000)),
        "fuel": np.where(
            kind == "bike", "none", rng.choice(["diesel", "petrol"], 1000)
        ),
    }
)
drawn = VariationalAutoencoder(3, random_state=0).fit(cars).sample(1000, random_state=0)
print(drawn.head())
for name, table in {"real": cars, "drawn": drawn}.items():
    means = table.groupby("kind")[["kilograms", "seats"]].mean()
    means["rows"] = table["kind"].value_counts()
    means["without fuel"] = (table["fuel"] == "none").groupby(table["kind"]).mean()
    print(f"\n{name} rows\n{means.round(2)}")

# %%
# If columns are jointly normal, probabilistic PCA is the density and ``best_epoch_`` is
# 0. For a few columns, try :class:`~sklearn.mixture.GaussianMixture` first. Drawn rows
# do not protect privacy: they may be nearly equal to training rows.
