"""Demonstration: digits from 2, 8 and 16 components, beside PCA."""

import time
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from sklearn_ae import AutoencoderTransformer

COUNTS = (2, 8, 16)
PICTURE_COUNT = 8
N_SHOWN = 12
PICTURE = Path(__file__).parents[1] / "docs" / "demo.png"
REDUCERS = {
    "PCA": lambda count: PCA(count, random_state=0),
    "AutoencoderTransformer": lambda count: AutoencoderTransformer(
        count, random_state=0
    ),
}


def main():
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.25, random_state=0, stratify=y
    )
    fitted = {}
    print(f"digits: {len(X_train)} training and {len(X_test)} held-out images")
    print(f"{'codes':>5}  {'':22}  {'explained':>9}  {'k-NN accuracy':>13}  {'fit':>7}")
    for count in COUNTS:
        for name, make in REDUCERS.items():
            pipeline = make_pipeline(make(count), KNeighborsClassifier())
            started = time.perf_counter()
            pipeline.fit(X_train, y_train)
            seconds = time.perf_counter() - started
            explained = share_explained(pipeline[0], X_train, X_test)
            accuracy = pipeline.score(X_test, y_test)
            print(
                f"{count:>5}  {name:22}  {explained:>9.1%}  {accuracy:>13.1%}"
                f"  {seconds:>5.2f} s"
            )
            fitted[name, count] = pipeline[0]
    draw(fitted, X_test, y_test).savefig(PICTURE, dpi=120)
    print(f"picture: {PICTURE.relative_to(PICTURE.parents[1])}")


def share_explained(reducer, X_train, X):
    """Return the share of the variance of X that the codes explain."""
    error = np.sum((X - reducer.inverse_transform(reducer.transform(X))) ** 2)
    return 1 - error / np.sum((X - X_train.mean(axis=0)) ** 2)


def draw(fitted, X, y):
    """Return the picture: 2-d embeddings over originals and reconstructions."""
    figure = Figure(figsize=(10, 9), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(5, 3))
    axes = above.subplots(1, len(REDUCERS))
    for axis, name in zip(axes, REDUCERS, strict=True):
        codes = fitted[name, 2].transform(X)
        for digit in range(10):
            marks = {"marker": f"${digit}$", "s": 36, "linewidths": 0.3}
            axis.scatter(*codes[y == digit].T, color=f"C{digit}", **marks)
        axis.set(title=f"{name}, 2 codes", xlabel="code 1", ylabel="code 2")
    draw_reconstructions(below, fitted, X)
    return figure


def draw_reconstructions(figure, fitted, X):
    """Draw originals over each reducer's reconstructions."""
    shown = X[:N_SHOWN]
    rows = {"original": shown}
    for name in REDUCERS:
        reducer = fitted[name, PICTURE_COUNT]
        rows[f"{name}\n{PICTURE_COUNT} codes"] = reducer.inverse_transform(
            reducer.transform(shown)
        )
    axes = figure.subplots(len(rows), N_SHOWN)
    for line, (name, images) in zip(axes, rows.items(), strict=True):
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
        for axis, image in zip(line, images, strict=True):
            axis.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
            axis.set(xticks=[], yticks=[])


if __name__ == "__main__":
    main()
