"""
Digits beside PCA
=================

:class:`~sklearn_ae.AutoencoderTransformer` replaces
:class:`~sklearn.decomposition.PCA`, with the same methods and the same number of codes.
Handwritten digits of 64 pixels are encoded by two codes, which are plotted, and by
eight codes, from which the digits are reconstructed. Nearest neighbours measure how
useful the codes are.
"""

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

from sklearn_ae import (
    AutoencoderTransformer,
    LatentSpaceDisplay,
    ReconstructionDisplay,
)

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

# %%
# Two codes
# ---------
# Each mark is a held-out digit. No labels were used: codes that separate the digits
# learned this from the pictures alone.

pca = PCA(2).fit(X_train)
autoencoder = AutoencoderTransformer(2, random_state=0).fit(X_train)

display = LatentSpaceDisplay.from_estimator(autoencoder, X_test, y_test, compare=pca)
display.figure_.set(size_inches=(8, 4), layout_engine="constrained")
plt.show()

# %%
# Eight codes and back
# --------------------
# Codes are decoded to pictures. PCA's are blurred; the autoencoder's have sharper
# strokes and a whiter background.

pca = PCA(8).fit(X_train)
autoencoder = AutoencoderTransformer(8, random_state=0).fit(X_train)

figure, axes = plt.subplots(2, 1, figsize=(7, 3.4), layout="constrained")
for axis, model in zip(axes, [pca, autoencoder], strict=True):
    ReconstructionDisplay.from_estimator(
        model, X_test, shape=(8, 8), ax=axis, image_kw={"cmap": "gray_r"}
    )
    axis.set_title(type(model).__name__)
plt.show()

# %%
# Variance explained and accuracy
# -------------------------------
# PCA and the autoencoder both maximize the share of the variance that the codes
# explain. The accuracy is that of nearest neighbours on the codes.

results = []
variance = ((X_test - X_train.mean(axis=0)) ** 2).sum()
for n_components in [2, 8, 16]:
    pca = PCA(n_components)
    autoencoder = AutoencoderTransformer(n_components, random_state=0)
    for model in [pca, autoencoder]:
        codes_train = model.fit_transform(X_train)
        codes_test = model.transform(X_test)
        error = ((X_test - model.inverse_transform(codes_test)) ** 2).sum()
        classifier = KNeighborsClassifier().fit(codes_train, y_train)
        results.append(
            {
                "n_components": n_components,
                "model": type(model).__name__,
                "explained": 1 - error / variance,
                "accuracy": classifier.score(codes_test, y_test),
            }
        )
results = pd.DataFrame(results).set_index(["n_components", "model"])
print(results.unstack().T.round(3))

# %%
# The fewer the codes, the larger the gain. With many codes the accuracy is the same
# with PCA's: then use PCA, which is faster to fit. See
# :ref:`sphx_glr_auto_gallery_plot_pipeline_search.py` for a search over both.
