"""
Imputing missing cells
======================

Random cells of two tables are removed and predicted from the rest of their rows, by
:class:`~sklearn_ae.DenoisingAutoencoder`, by PCA and by scikit-learn's imputers. The
bars show the errors of the predictions.
"""

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.preprocessing import StandardScaler

from sklearn_ae import DenoisingAutoencoder

# %%
# Two complete tables
# -------------------
# Measurements of cell nuclei come with scikit-learn. If there is a folder of data
# files, the second table has sensors of a gas turbine. Otherwise nine sensors are
# generated as nonlinear functions of three latent numbers. Columns are divided by their
# standard deviations, so that their errors have the same unit.

path = Path(os.environ.get("SKLEARN_AE_DATA", "."), "gas_turbine.npz")
rng = np.random.default_rng(0)
if path.exists():
    sensors = rng.permutation(np.load(path)["X"])[:1500].astype(float)
else:
    hidden = rng.uniform(-1, 1, (1500, 3))
    sensors = np.sin(1.3 * hidden @ rng.normal(size=(3, 9)))
    sensors += 0.1 * rng.normal(size=sensors.shape)
tables = {"sensors": sensors, "cell nuclei": load_breast_cancer().data}

# %%
# Imputers
# --------
# Each imputer is fitted to the table with missing cells only. In training the
# autoencoder predicts cells that are hidden from it, as many as are missing. PCA
# starts with the mean, then repeatedly replaces missing cells by their reconstruction
# from as many components. ``IterativeImputer`` predicts each column from the others by
# ridge regression.

n_components = 6
shares = [0.1, 0.3, 0.5]
errors = []
for name, table in tables.items():
    X = StandardScaler().fit_transform(table)
    for share in shares:
        removed = rng.random(X.shape) < share
        gaps = np.where(removed, np.nan, X)
        denoiser = DenoisingAutoencoder(
            n_components, noise="masking", noise_level=share, random_state=0
        )
        by_pca = SimpleImputer().fit_transform(gaps)
        for _ in range(30):
            pca = PCA(n_components, random_state=0).fit(by_pca)
            by_pca[removed] = pca.inverse_transform(pca.transform(by_pca))[removed]
        filled = {
            "SimpleImputer": SimpleImputer().fit_transform(gaps),
            "PCA, repeated": by_pca,
            "KNNImputer": KNNImputer().fit_transform(gaps),
            "IterativeImputer": IterativeImputer(
                tol=0.1, max_iter=50, random_state=0
            ).fit_transform(gaps),
            "DenoisingAutoencoder": denoiser.fit(gaps).impute(gaps),
        }
        for imputer, guess in filled.items():
            rmse = np.sqrt(np.mean((guess - X)[removed] ** 2))
            errors.append((name, share, imputer, rmse))

# %%
# Errors
# ------
# Errors are in standard deviations of the columns, so the error of the mean is about
# one. Sensors depend on each other nonlinearly, and the autoencoder is best where many
# cells are missing. The table of nuclei has few rows, and some columns are nearly
# multiples of others, like radius and perimeter: there ridge regression is best.

errors = pd.DataFrame(errors, columns=["table", "missing", "imputer", "RMSE"])
errors = errors.pivot_table("RMSE", ["table", "missing"], "imputer", sort=False)
print(errors.T.round(3))

figure, axes = plt.subplots(1, 2, figsize=(8, 4), sharey=True, layout="constrained")
colours = ["#999999", "#E69F00", "#56B4E9", "#009E73", "#0072B2"]
for axis, name in zip(axes, tables, strict=True):
    errors.loc[name].plot.bar(ax=axis, width=0.8, color=colours, rot=0, legend=False)
    axis.set(title=name, xlabel="share of the cells missing")
axes[0].set_ylabel("RMSE in standard deviations")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %%
# If a table has few rows, or if its columns depend on each other linearly, use
# ``IterativeImputer``. The autoencoder also imputes categories: ``impute`` takes frames
# like that of :ref:`sphx_glr_auto_gallery_plot_mixed_table.py`.
