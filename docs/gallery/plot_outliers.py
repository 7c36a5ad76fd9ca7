"""
Ordinary cells in a strange row
===============================

Each cell of a strange row may be ordinary, and only their combination not: much power
at low speed, say. Detectors that look at one column at a time, as the splits of
:class:`~sklearn.ensemble.IsolationForest` do, can hardly see that. A model of how the
columns depend on each other can. :class:`~sklearn_ae.ReconstructionOutlierDetector`
asks an autoencoder, or any other transformer such as PCA, and says which columns a
score comes from. Look at the ROC curves, and at the block of columns that is blamed.
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
# Each runs at a speed of its own, which its four sensors follow along curves, with some
# noise. In two rows of a hundred, one cell is taken from another row. So every column
# has the values that it had before, and nothing of one column alone is strange.

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

n_strange = n_rows // 50
strange = rng.choice(n_rows, n_strange, replace=False)
changed = rng.integers(values.shape[1], size=n_strange)
values[strange, changed] = values[rng.permutation(strange), changed]
is_strange = np.isin(np.arange(n_rows), strange)
X = pd.DataFrame(StandardScaler().fit_transform(values), columns=table.columns)

# %%
# Three detectors
# ---------------
# They see all rows and are not told which are strange. Some of the cells got a value
# near their own, so no detector can find them all.

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
    n_found = is_strange[np.argsort(score)[-n_strange:]].sum()
    area = roc_auc_score(is_strange, score)
    print(f"{name:20} ROC AUC {area:.3f}, {n_found:3} of {n_strange} among the oddest")

figure, axis = plt.subplots(figsize=(6.4, 4.6), layout="constrained")
colors = ("#999999", "#0072B2", "#D55E00")
for (name, score), color in zip(scores.items(), colors, strict=True):
    order = np.argsort(score)[::-1]
    n_false, n_true = np.cumsum(~is_strange[order]), np.cumsum(is_strange[order])
    axis.plot(n_false / n_false[-1], n_true / n_true[-1], color=color, label=name)
axis.plot([0, 1], [0, 1], color="black", lw=0.8, ls=":", label="guessing")
axis.set(xlabel="share of ordinary rows above", ylabel="share of strange rows found")
axis.set_title("Strange rows found, from the oddest on")
axis.legend(loc="lower right")
plt.show()

# %%
# Why a row is strange
# --------------------
# ``explain`` tells each column's share of a row's score. The oddest rows are drawn, and
# a ring marks the cell that was changed, if one was. Its neighbours are blamed too:
# when speed and power disagree, either could be wrong. But the machine is named in most
# strange rows. Of rows without a ring, which are false alarms, the blame is spread.

detector, score = detectors["over an autoencoder"], scores["over an autoencoder"]
oddest = np.argsort(score)[::-1][:15]
figure, axis = plt.subplots(figsize=(7.4, 5.4), layout="constrained")
image = axis.imshow(
    detector.explain(X.iloc[oddest]), cmap="cividis", vmin=0, aspect="auto"
)
rings = pd.Series(changed, index=strange).reindex(oddest)
axis.plot(rings, range(len(oddest)), "o", ms=11, mfc="none", mec="white", mew=2)
axis.set_xticks(range(X.shape[1]), X.columns, rotation=45, ha="right")
axis.set_yticks(range(len(oddest)), oddest)
axis.set(ylabel="row, the oddest first", title="Columns that the score comes from")
figure.colorbar(image, label="share of the row's score")
plt.show()

shares = detector.explain(X.iloc[strange]).to_numpy()
cell = shares.argmax(axis=1) == changed
machine = shares.reshape(-1, len(machines), 4).sum(axis=2).argmax(axis=1)
print(f"The cell itself is blamed most in {cell.mean():.0%} of the strange rows,")
print(f"its machine in {np.mean(machine == changed // 4):.0%}.")

# %%
# Real tables
# -----------
# Where ``SKLEARN_AE_DATA`` names the folder, two tables with known outliers are tried.

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
# Try PCA in the detector first: it takes a moment, and on tables whose outliers lie far
# out it is as good as the autoencoder. Where rows are strange in single columns,
# :class:`~sklearn.ensemble.IsolationForest` is enough.
