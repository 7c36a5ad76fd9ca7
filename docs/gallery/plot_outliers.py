"""
Outliers with ordinary cells
============================

Each cell of an outlier may be ordinary, and only their combination rare, for instance
high power at low speed. Detectors that look at one column at a time, like the splits of
:class:`~sklearn.ensemble.IsolationForest`, can hardly find such rows. A model of the
dependence between columns can. :class:`~sklearn_ae.ReconstructionOutlierDetector` uses
an autoencoder, or another transformer such as PCA, and explains scores by columns. Look
at the ROC curves, and at the blocks of columns that explain the scores.
"""

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from sklearn_ae import AutoencoderTransformer, ReconstructionOutlierDetector

# %%
# Three machines
# --------------
# Each machine has four sensors, which are nonlinear functions of its speed, with noise.
# In two percent of the rows, one cell is replaced by that of another row. So the values
# of every single column stay ordinary.

rng = np.random.default_rng(0)
n_rows, machines = 5_000, ("pump", "fan", "mill")
table = pd.DataFrame()
for machine in machines:
    speed = rng.uniform(0.3, 1, size=n_rows)
    table[f"{machine} speed"] = speed
    table[f"{machine} power"] = speed**3
    table[f"{machine} delay"] = 1 / speed
    table[f"{machine} losses"] = 1 + 8 * np.square(speed - 0.65)
values = table.to_numpy()
values = values + 0.05 * values.std(axis=0) * rng.standard_normal(values.shape)

n_outliers = n_rows // 50
outliers = rng.choice(n_rows, n_outliers, replace=False)
changed = rng.integers(values.shape[1], size=n_outliers)
values[outliers, changed] = values[rng.permutation(outliers), changed]
is_outlier = np.isin(np.arange(n_rows), outliers)
X = pd.DataFrame(StandardScaler().fit_transform(values), columns=table.columns)

# %%
# Three detectors
# ---------------
# They are fitted to all rows, without labels. Some cells were replaced by a similar
# value, so no detector can find all outliers.

n_components = len(machines)
detectors = {
    "IsolationForest": IsolationForest(random_state=0),
    "over PCA": ReconstructionOutlierDetector(PCA(n_components)),
    "over an autoencoder": ReconstructionOutlierDetector(
        AutoencoderTransformer(n_components), random_state=0
    ),
}
scores = {name: -model.fit(X).score_samples(X) for name, model in detectors.items()}
for name, score in scores.items():
    n_found = is_outlier[np.argsort(score)[-n_outliers:]].sum()
    area = roc_auc_score(is_outlier, score)
    print(f"{name:20} ROC AUC {area:.3f}, {n_found:3} of {n_outliers} found")

figure, axis = plt.subplots(figsize=(6.4, 4.6), layout="constrained")
colors = ("#999999", "#0072B2", "#D55E00")
for (name, score), color in zip(scores.items(), colors, strict=True):
    order = np.argsort(score)[::-1]
    n_false, n_true = np.cumsum(~is_outlier[order]), np.cumsum(is_outlier[order])
    axis.plot(n_false / n_false[-1], n_true / n_true[-1], color=color, label=name)
axis.plot([0, 1], [0, 1], color="black", lw=0.8, ls=":", label="guessing")
axis.set(xlabel="share of inliers flagged", ylabel="share of outliers found")
axis.set_title("ROC curves")
axis.legend(loc="lower right")
plt.show()

# %%
# Explanations by column
# ----------------------
# ``explain`` returns each column's share of a row's score. The plot shows the rows with
# the most abnormal scores. A ring marks the cell that was changed, if there is one.
# Related columns get a share too: if speed and power disagree, either could be wrong.
# But for most outliers the right machine has the largest share. In rows without a ring,
# which are false positives, the score is spread over many columns.

detector, score = detectors["over an autoencoder"], scores["over an autoencoder"]
highest = np.argsort(score)[::-1][:15]
figure, axis = plt.subplots(figsize=(7.4, 5.4), layout="constrained")
image = axis.imshow(
    detector.explain(X.iloc[highest]), cmap="cividis", vmin=0, aspect="auto"
)
rings = pd.Series(changed, index=outliers).reindex(highest)
axis.plot(rings, range(len(highest)), "o", ms=11, mfc="none", mec="white", mew=2)
axis.set_xticks(range(X.shape[1]), X.columns, rotation=45, ha="right")
axis.set_yticks(range(len(highest)), highest)
axis.set(ylabel="row, most abnormal first", title="Columns that explain the score")
figure.colorbar(image, label="share of the row's score")
plt.show()

shares = detector.explain(X.iloc[outliers]).to_numpy()
cell = shares.argmax(axis=1) == changed
machine = shares.reshape(-1, len(machines), 4).sum(axis=2).argmax(axis=1)
print(f"The cell itself has the largest share in {cell.mean():.0%} of the outliers,")
print(f"its machine in {np.mean(machine == changed // 4):.0%}.")

# %%
# Real tables
# -----------
# If ``SKLEARN_AE_DATA`` names a folder, two tables with known outliers are compared.

for name in ("cover", "satimage2"):
    path = Path(os.environ.get("SKLEARN_AE_DATA", "")) / f"{name}.npz"
    if not path.exists():
        continue
    with np.load(path) as file:
        rows, y = file["X"], file["y"]
    chosen = rng.choice(len(rows), 5_000, replace=False)
    rows, y = StandardScaler().fit_transform(rows[chosen]), y[chosen]
    for kind, model in detectors.items():
        area = roc_auc_score(y, -model.fit(rows).score_samples(rows))
        print(f"{name:10} {kind:20} ROC AUC {area:.3f}")

# %%
# Try PCA in the detector first: it is fast, and for extreme outliers it is as good as
# the autoencoder. If outliers are extreme in single columns,
# :class:`~sklearn.ensemble.IsolationForest` is enough.
