"""
A table with numbers, categories and missing cells
==================================================

:class:`~sklearn_ae.AutoencoderTransformer` takes a frame as it was read, and decodes
codes to a frame. PCA needs an imputer, a scaler and a one-hot encoder for the same
table. The example compares how well the table can be reconstructed from three codes,
and how well the codes predict whether a person has a high income.
"""

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_ae import AutoencoderTransformer, LatentSpaceDisplay

# %%
# The table
# ---------
# If there is a folder of data files, the data is the census table "adult". Otherwise a
# similar table is generated: most columns and the income depend on a person's trade and
# age, and a tenth of the trades and of the hours is missing.

path = Path(os.environ.get("SKLEARN_AE_DATA", "."), "adult.csv.gz")
rng = np.random.default_rng(0)
if path.exists():
    people = pd.read_csv(path).sample(6000, random_state=0)
else:
    trades = np.array(["clerk", "farmer", "manager", "nurse", "teacher", "welder"])
    trade, age = rng.integers(6, size=6000), rng.integers(20, 66, size=6000)
    school = np.array([12, 9, 16, 14, 17, 10])[trade] + rng.integers(3, size=6000)
    hours = np.array([36, 55, 48, 40, 38, 42])[trade] + rng.normal(0, 4, 6000)
    experience = np.maximum(age - school - 6, 0)
    married = rng.random(6000) < 1 - np.exp(-experience / 10)
    pay = hours * school * (1 + experience / 20) * rng.lognormal(0, 0.3, 6000)
    people = pd.DataFrame(
        {
            "age": age,
            "trade": np.where(rng.random(6000) < 0.1, None, trades[trade]),
            "school_years": school,
            "degree": pd.cut(school, [0, 12, 16, 30], labels=["none", "BSc", "MSc"]),
            "experience": experience,
            "hours": np.where(rng.random(6000) < 0.1, np.nan, hours.round()),
            "sector": np.where(np.isin(trade, [3, 4]), "public", "private"),
            "status": np.where(married, "married", "single"),
            "sex": rng.choice(["female", "male"], size=6000),
            "income": np.where(pay > np.quantile(pay, 0.75), ">50K", "<=50K"),
        }
    )
income = people.pop("income")
train, test, income_train, income_test = train_test_split(
    people, income, random_state=0
)
print(train.head(3).T)

# %%
# Codes
# -----
# The autoencoder needs no preparation. For PCA, numbers are standardized and
# categories become indicators.

n_components = 3
autoencoder = AutoencoderTransformer(
    n_components, handle_unknown="ignore", random_state=0
).fit(train)

numbers = list(train.select_dtypes("number"))
categories = [name for name in train if name not in numbers]
encoder = make_column_transformer(
    (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
    (OneHotEncoder(sparse_output=False, handle_unknown="ignore"), categories),
)
pca = make_pipeline(encoder, PCA(n_components, random_state=0)).fit(train)

display = LatentSpaceDisplay.from_estimator(
    autoencoder, test, income_test, compare=pca, components=[0, 1]
)
display.axes_[0, 1].set_title("PCA of encoded columns")
display.figure_.set(size_inches=(8, 4), layout_engine="constrained")
plt.show()

# %%
# From codes back to a frame
# --------------------------
# ``inverse_transform`` returns a frame with the columns, dtypes and categories of the
# training table. For PCA, each part of the encoded columns must be decoded by its own
# step.

back = autoencoder.inverse_transform(autoencoder.transform(test))
back.index = test.index
print(pd.concat({"before": test.iloc[0], "after": back.iloc[0]}, axis=1))

encoded = pca[-1].inverse_transform(pca.transform(test))
parts, steps = encoder.output_indices_, encoder.named_transformers_
scaler, indicators = steps["pipeline"][-1], steps["onehotencoder"]
back_of_pca = test.astype(object)
back_of_pca[numbers] = scaler.inverse_transform(encoded[:, parts["pipeline"]])
back_of_pca[categories] = indicators.inverse_transform(
    encoded[:, parts["onehotencoder"]]
)

# %%
# Reconstruction
# --------------
# The table has, for held-out rows, the share of the variance of numbers that the codes
# explain, and the share of categories that are decoded correctly. Both are means over
# the columns, without missing cells.

tables = {"PCA": back_of_pca, "autoencoder": back}
for name, table in tables.items():
    error = ((table[numbers] - test[numbers]) ** 2).mean() / test[numbers].var()
    right = table[categories].astype(object) == test[categories].astype(object)
    right = right.where(test[categories].notna())
    print(f"{name}, {n_components} codes:")
    print(f"    variance of numbers explained  {1 - error.mean():.1%}")
    print(f"    categories right               {right.mean().mean():.1%}")

# %%
# Prediction from codes
# ---------------------
# The table has the area under the ROC curve of two classifiers of income, on the codes
# and on all encoded columns. The autoencoder's codes are nonlinear in the columns, so
# boosted trees use them better than logistic regression. Codes that keep more of the
# table do not always predict better a variable that was not in it.

classifiers = {
    "logistic regression": make_pipeline(StandardScaler(), LogisticRegression()),
    "boosted trees": HistGradientBoostingClassifier(max_iter=60, random_state=0),
}
features = {"PCA": pca, "autoencoder": autoencoder, "all columns": encoder}
areas = pd.DataFrame(index=list(features), columns=list(classifiers), dtype=float)
for name, model in features.items():
    for kind, classifier in classifiers.items():
        classifier.fit(model.transform(train), income_train)
        guess = classifier.predict_proba(model.transform(test))[:, 1]
        areas.loc[name, kind] = roc_auc_score(income_test, guess)
print(areas.round(3))

# %%
# For prediction, start with trees on all columns, which take such tables without
# preprocessing; PCA's codes may be as good as the autoencoder's. The autoencoder is
# better for reconstruction, imputation and storage:
# :ref:`sphx_glr_auto_gallery_plot_fill_gaps.py`.
