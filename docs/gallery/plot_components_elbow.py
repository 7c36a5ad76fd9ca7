"""
How many components?
====================

The first plot shows the share of the variance of held-out rows that is lost, over the
number of codes, for PCA and for the autoencoder. If rows lie near a curved surface, PCA
needs more codes than the surface has dimensions. The second plot shows the loss of one
fit over the epochs, which starts at PCA's loss.
"""

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import scale

from sklearn_ae import (
    AutoencoderTransformer,
    ComponentsErrorDisplay,
    LossCurveDisplay,
)

# %%
# Rows near a curved surface
# --------------------------
# If there is a folder of data files, the data are shapes of dry beans: sixteen
# measurements, most of which follow from a few others. Otherwise they are digits.

path = Path(os.environ.get("SKLEARN_AE_DATA", "."), "dry_bean.npz")
if path.exists():
    X = np.random.default_rng(0).permutation(np.load(path)["X"])[:3000]
    X, counts = scale(X.astype(float)), [1, 2, 3, 4, 6, 8]
else:
    X, counts = load_digits().data, [1, 2, 4, 8, 16, 32]
train, test = train_test_split(X, random_state=0)

# %%
# Error over the number of codes
# ------------------------------
# A ring marks the elbow: the point farthest below the line from the first to the last
# point. It depends on the last number that was tried, so look at the whole curves.
# Where the two curves meet, PCA is enough.

autoencoder = AutoencoderTransformer(random_state=0)
display = ComponentsErrorDisplay.from_estimator(
    autoencoder, train, test, n_components=counts
)
display.figure_.set(size_inches=(7, 4.2), layout_engine="constrained")
plt.show()

for k, [error], [pca_error] in zip(
    counts, display.errors, display.pca_errors, strict=True
):
    print(f"{k:2} codes: PCA loses {pca_error:5.1%}, the autoencoder {error:5.1%}")

# %%
# One fit
# -------
# Losses are shares of the variance that are lost. The dotted line is PCA's loss on the
# validation rows, and the ring is the epoch whose weights are kept. If no epoch were
# significantly below the line, the estimator would be PCA, with a ``best_epoch_`` of 0.
# Inputs have noise in training, so the training curve rises first.

autoencoder.set_params(n_components=counts[2]).fit(train)
display = LossCurveDisplay.from_estimator(autoencoder)
display.figure_.set(size_inches=(7, 4.2), layout_engine="constrained")
plt.show()

print(f"validation loss of PCA  {autoencoder.pca_validation_loss_:.4f}")
print(f"of the epoch kept       {autoencoder.best_validation_loss_:.4f}")
print(f"epoch kept              {autoencoder.best_epoch_} of {autoencoder.n_epochs_}")

# %%
# If a later step uses the codes, choose their number by the score of that step:
# :ref:`sphx_glr_auto_gallery_plot_pipeline_search.py`.
