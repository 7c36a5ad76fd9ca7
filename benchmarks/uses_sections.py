"""What the page of benchmarks says about what people do with autoencoders."""

from . import compression, pretraining
from .datasets import MAX_ROWS
from .markdown import under


def compression_section(rows):
    table = compression.at_equal_bytes(rows)
    errors = [model for model in compression.MODELS if model in table]
    # Three decimals are too few for some.
    shown = table.assign(
        **{
            model: table[model].map("{:.2g}".format, na_action="ignore")
            for model in errors
        }
    ).fillna("")
    return [
        under(
            "Mean squared error of held-out cells, over the cells' variance, of rows "
            "that came back from `CodeCompressor` at equal bytes a row: with "
            "autoencoders, and with PCA's codes quantized and packed in the same way; "
            "and over PCA's, where below 1 the autoencoder's is the smaller. At most "
            f"{MAX_ROWS:,} rows, three quarters of them to train on, one split; "
            "gas_turbine is standardized. Of several numbers of components, error "
            "bounds and bits, each side has those that are best on "
            f"{compression.MAX_CHOOSING:,} of its training rows; held-out errors at "
            "the bytes named lie on straight lines between them, of logarithms. Bytes "
            "are those of the whole file, the fitted model aside. Above its last "
            "setting's bytes a model gains nothing more: PCA needs fewer bytes for "
            "errors below what the autoencoder's codes leave. At equal bytes "
            f"{_met(table)}.",
            shown,
        ),
        under(
            "What compresses the same held-out rows without a model: zlib (level 9, "
            "the better of row by row and column by column, of pictures' bytes and "
            "else of float32) gives them back exactly; JPEG (Pillow) has every "
            "picture in a file of its own, or all of them in one.",
            compression.reference_rows(rows),
        ),
    ]


def _met(table):
    """Return on which budgets the best autoencoder has the error aimed at."""
    over = [name for name in table if name.endswith("over PCA")]
    best = table.set_index("data")[over].min(axis=1)
    said = [
        f"{(part <= compression.TARGET).sum()} of {len(part)} times on {name}"
        for name, part in best.groupby(level=0, sort=False)
    ]
    return (
        f"the best autoencoder's error is at most {compression.TARGET} of PCA's "
        + ", ".join(said)
    )


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
