"""What the page of benchmarks says about what people do with autoencoders."""

from . import pretraining
from .datasets import MAX_ROWS
from .markdown import under


def pretraining_section(rows):
    table = pretraining.summary(rows)
    ahead = ", ".join(
        f"{name} {n_ahead} of {n_there}"
        for name, (n_ahead, n_there) in pretraining.n_ahead(rows).items()
    )
    return [
        under(
            "Held-out accuracy of classes, or R2 of numbers, where a share of the "
            f"training rows is labelled: at most {MAX_ROWS:,} rows, three quarters of "
            f"them to train on, the mean over {rows['draw'].nunique()} draws of the "
            "labelled rows, classes in their shares. `PretrainedClassifier` and "
            "`PretrainedRegressor` have their defaults, on a `DenoisingAutoencoder` of "
            "all training rows. It knows nothing of labels, so one was fitted a set, "
            "frozen: one fitted to the same rows and seed for each draw would "
            "be the same. Their start is logistic or ridge regression on its codes. "
            "Linear models on PCA's codes have as many of them, of all training rows, "
            "each divided by its deviation; scikit-learn's networks from scratch, its "
            "linear models and its self-training (logistic regression, at 1 % and 5 %; "
            f"beyond {pretraining.MAX_SELF_COLUMNS} columns on so many principal "
            "components) have standardized columns, categories as indicators. "
            f"Ahead, over sets and shares: of {ahead}.",
            table.map(lambda cell: f"{cell:.4f}" if isinstance(cell, float) else cell),
        )
    ]
