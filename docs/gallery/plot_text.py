"""
Sparse text
===========

Documents are rows of a sparse matrix with thousands of columns.
:class:`~sklearn_ae.AutoencoderTransformer` takes it without a dense copy of the whole
matrix. It is compared with PCA and with :class:`~sklearn.decomposition.TruncatedSVD`,
the usual method for text. With two codes the autoencoder separates subjects much
better; with many codes there is little difference.
"""

import importlib
import inspect

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

from sklearn_ae import AutoencoderTransformer, LatentSpaceDisplay

# %%
# Documents
# ---------
# The documents are the docstrings of functions and classes in eight modules, up to
# their examples. The task is to predict the module of a docstring, which depends on its
# subject.

modules = (
    "numpy",
    "pandas",
    "scipy.linalg",
    "scipy.ndimage",
    "scipy.signal",
    "scipy.special",
    "scipy.stats",
    "sklearn.metrics",
)
documents, labels = [], []
for number, name in enumerate(modules):
    module = importlib.import_module(name)
    texts = {inspect.getdoc(getattr(module, member)) for member in module.__all__}
    texts = {text.split("\nExamples\n")[0] for text in texts if text}
    texts = sorted(text for text in texts if len(text) > 300)
    print(f"{name:16} {len(texts):4} documents")
    documents += texts
    labels += [number] * len(texts)

texts_train, texts_test, y_train, y_test = train_test_split(
    documents, np.array(labels), test_size=0.3, random_state=0, stratify=labels
)
vectorizer = TfidfVectorizer(stop_words="english", min_df=8, sublinear_tf=True)
X_train = vectorizer.fit_transform(texts_train)
X_test = vectorizer.transform(texts_test)
filled = X_train.nnz / np.prod(X_train.shape)
print(
    f"{X_train.shape[0]} rows, {X_train.shape[1]} columns, {filled:.1%} of cells filled"
)

# %%
# Neighbours among the codes
# --------------------------
# The accuracy is that of ten nearest neighbours on held-out documents. The last line is
# that on all columns with the cosine distance, as is usual for text.

counts = (2, 5, 30)
accuracy, codes = {}, {}
for count in counts:
    for model in (
        TruncatedSVD(count, random_state=0),
        PCA(count, random_state=0),
        AutoencoderTransformer(count, max_epochs=40, random_state=0),
    ):
        name = type(model).__name__
        codes[name, count] = model.fit_transform(X_train), model.transform(X_test)
        neighbors = KNeighborsClassifier(10).fit(codes[name, count][0], y_train)
        accuracy[name, count] = neighbors.score(codes[name, count][1], y_test)
neighbors = KNeighborsClassifier(10, metric="cosine").fit(X_train, y_train)

print(f"{'codes':24}" + "".join(f"{count:>8}" for count in counts))
for name in ("TruncatedSVD", "PCA", "AutoencoderTransformer"):
    print(f"{name:24}" + "".join(f"{accuracy[name, count]:8.1%}" for count in counts))
print(f"all columns, cosine {neighbors.score(X_test, y_test):12.1%}")

# %%
# Two codes as a map
# ------------------
# The plot shows held-out documents. PCA's two components separate the subjects that
# differ most, and the other subjects overlap.

display = LatentSpaceDisplay(
    codes["AutoencoderTransformer", 2][1],
    np.array(modules)[y_test],
    compared_codes=codes["PCA", 2][1],
    name="AutoencoderTransformer",
    compared_name="PCA",
).plot(scatter_kw={"s": 14})
display.figure_.set_size_inches(8, 4.2)
plt.show()

# %%
# With thirty codes TruncatedSVD is as good for nearest neighbours and much faster. Use
# an autoencoder if codes must be few: for plots in two dimensions and for small
# indexes.
