"""
Many rows, few labels
=====================

Labels are more expensive than rows. :class:`~sklearn_ae.PretrainedClassifier` learns
codes from all rows, labelled or not, starts as logistic regression on these codes, and
fine-tunes both on the labelled rows. On digits it is compared with logistic regression
on the raw columns and on PCA's codes of all rows. Compare how many labels each model
needs for the same accuracy.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from sklearn_ae import DenoisingAutoencoder, PretrainedClassifier

X, y = load_digits(return_X_y=True)
X = X / 16
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.25, random_state=0, stratify=y
)

# %%
# Codes of all rows
# -----------------
# Codes need no labels, so they are learned once. The autoencoder is frozen: it is not
# fitted again, and fine-tuning changes a copy. By default, a few labels are divided
# into five parts, and six trainings choose the epoch. With ``n_iter_no_change`` there
# is one training with early stopping, which is faster.

n_components = 32
autoencoder = DenoisingAutoencoder(n_components, random_state=0).fit(X_train)
pca = PCA(n_components).fit(X_train)
models = {
    "raw columns": LogisticRegression(max_iter=5_000),
    "PCA codes": make_pipeline(
        FrozenEstimator(pca), LogisticRegression(max_iter=5_000)
    ),
    "PretrainedClassifier": PretrainedClassifier(
        FrozenEstimator(autoencoder),
        labelled_validation_fraction=0.25,
        n_iter_no_change=100,
        random_state=0,
    ),
}

# %%
# Accuracy over the number of labels
# ----------------------------------
# For each number the labelled rows are drawn three times, stratified by class.
# ``PretrainedClassifier`` gets all rows, with -1 for those without a label.

counts, n_draws = (20, 50, 100, 200, 500), 3
accuracy = {name: np.empty((len(counts), n_draws)) for name in models}
for row, count in enumerate(counts):
    for draw in range(n_draws):
        labelled, _ = train_test_split(
            np.arange(len(y_train)),
            train_size=count,
            random_state=draw,
            stratify=y_train,
        )
        y_few = np.full_like(y_train, -1)
        y_few[labelled] = y_train[labelled]
        for name, model in models.items():
            if name == "PretrainedClassifier":
                model.fit(X_train, y_few)
            else:
                model.fit(X_train[labelled], y_train[labelled])
            accuracy[name][row, draw] = model.score(X_test, y_test)

print("labels" + "".join(f"{name:>22}" for name in models))
for row, count in enumerate(counts):
    means = (f"{accuracy[name][row].mean():22.1%}" for name in models)
    print(f"{count:6}" + "".join(means))

# %%
# Lines are means over the draws; bands extend from the worst to the best draw.

figure, axis = plt.subplots(figsize=(6.8, 4.4), layout="constrained")
for (name, values), color, marker in zip(
    accuracy.items(), ("#999999", "#0072B2", "#D55E00"), "s^o", strict=True
):
    axis.fill_between(
        counts, values.min(axis=1), values.max(axis=1), color=color, alpha=0.15, lw=0
    )
    axis.plot(counts, values.mean(axis=1), marker=marker, color=color, label=name)
axis.set(xscale="log", xlabel="labels", ylabel="accuracy on held-out digits")
axis.set_title("Digits with few labels")
axis.set_xticks(counts, counts, minor=False)
axis.minorticks_off()
axis.grid(alpha=0.3)
axis.legend()
plt.show()

# %%
# With fewer than five labels per class there is no validation and no fine-tuning: the
# gain there is due to the codes. If a table's columns are good features, or if there
# are many labels, logistic regression on raw columns (or gradient boosting) is enough.
