"""
Search a pipeline: autoencoder, PCA or nothing
==============================================

The score of a later step chooses between models, and their numbers of codes.
:class:`~sklearn.model_selection.GridSearchCV` compares the autoencoder, PCA and the raw
columns as alternatives of one step of a pipeline. With few codes the autoencoder is
better; with many codes, this classifier is as good on PCA's.
"""

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ae import AutoencoderTransformer

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

# %%
# One pipeline, three kinds of codes
# ----------------------------------
# Codes have different variances, so they are standardized before the classifier.
# ``"passthrough"`` keeps the columns unchanged.

pipeline = Pipeline(
    [
        ("codes", "passthrough"),
        ("scale", StandardScaler()),
        ("classify", LogisticRegression(max_iter=1000)),
    ]
)
counts = [2, 4, 8, 16]
grid = [
    {"codes": ["passthrough"]},
    {"codes": [PCA(random_state=0)], "codes__n_components": counts},
    {
        "codes": [AutoencoderTransformer(random_state=0)],
        "codes__n_components": counts,
    },
]
search = GridSearchCV(pipeline, grid, cv=3).fit(X_train, y_train)

# %%
# Scores by the number of codes
# -----------------------------
# The autoencoder's own ``score``, the share of variance explained, grows with every
# code, so it cannot be used to choose their number. The accuracy of the pipeline can.

results = pd.DataFrame(search.cv_results_)
results["codes"] = [type(step).__name__ for step in results["param_codes"]]
results["codes"] = results["codes"].replace("str", "raw columns")
scores = results.pivot_table(
    index="param_codes__n_components",
    columns="codes",
    values="mean_test_score",
)
print(scores.rename_axis(index="n_components", columns=None).round(3))
raw = results.loc[results["codes"] == "raw columns", "mean_test_score"].item()
print(f"raw columns: {raw:.3f}")

figure, axis = plt.subplots(figsize=(7, 4.2), layout="constrained")
styles = {"PCA": ("#E69F00", "s"), "AutoencoderTransformer": ("#0072B2", "o")}
for name, (colour, marker) in styles.items():
    part = results[results["codes"] == name]
    axis.errorbar(
        part["param_codes__n_components"],
        part["mean_test_score"],
        part["std_test_score"],
        color=colour,
        marker=marker,
        capsize=3,
        label=name,
    )
axis.axhline(raw, color="black", linestyle="--", label="raw columns")
axis.set_xscale("log", base=2)
axis.set_xticks(counts, counts)
axis.set(xlabel="number of codes", ylabel="accuracy over 3 folds")
axis.legend()
plt.show()

# %%
# The best candidate
# ------------------
# It is fitted again to all training rows, and scored on held-out rows.

print(f"chosen: {search.best_params_}")
print(f"accuracy on held-out rows: {search.score(X_test, y_test):.3f}")

# %%
# Include the raw columns in every such search. If they are best, codes only save memory
# and time. Where PCA's curve meets the autoencoder's, PCA is enough.
