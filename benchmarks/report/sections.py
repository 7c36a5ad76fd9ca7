"""Page sections: heading, texts and tables of each part, from its results file."""

from ..data.datasets import MAX_ROWS, MAX_TABLE_ROWS
from ..runners import probes
from ..runners.costs import speed
from ..runners.costs import transform as transforms
from ..runners.costs.engine import FLOOR, MATRIX_SIZE
from ..runners.costs.scale import PCA_ROWS
from ..runners.errors import features, imputation, quality, reconstruction
from ..runners.errors import time_to_quality as times
from ..runners.peers import HIDDEN, LONGER, MAX_KERNEL_ROWS, OURS, SKORCH
from . import family_sections as family
from . import uses_sections as uses
from .markdown import number, share, under
from .results import PACKAGES


def measured_with(rows):
    """Return the line of versions, processor and date."""
    packages = [f"{name} {_values(rows, name)}" for name in PACKAGES if name in rows]
    parts = [*packages, f"Python {_values(rows, 'python')}", _values(rows, "processor")]
    if "device" in rows:
        parts.append(f"on {_values(rows, 'device')}")
    parts.append(f"{_values(rows, 'cores')} cores")
    if "threads" in rows:
        parts.append(f"torch's threads: {_values(rows, 'threads')}")
    return f"*Measured with {', '.join(parts)}; {_values(rows, 'date')}.*"


def _values(rows, name):
    # Whole numbers have turned to floats where some rows have none.
    values = rows[name].dropna().convert_dtypes().astype(str)
    return ", ".join(dict.fromkeys(values))


def quality_section(rows):
    means = quality.pair_means(rows)
    seeds = ", ".join(map(str, quality.timed_seeds(rows))) or "none"
    return [
        under(
            "Squared error of held-out rows, divided by that of PCA with as many "
            f"components, for {len(means)} pairs of data set and `n_components`. Rows "
            f"are float32 and at most {MAX_ROWS:,}; three quarters of them are "
            f"training rows, in random splits (seeds: {_values(rows, 'seed')}). Models "
            "have their defaults. A pair's error is the mean over splits, and it "
            f"counts as worse than PCA above {quality.WORSE}. Fit seconds are the sum "
            "over all pairs of a model, averaged over the splits at which all fits of "
            f"all models were timed (seeds: {seeds}).{_longer(rows)} The plain skorch "
            f"autoencoder is {_widths()}, ReLU, Adam, early stopping. MLPRegressor(X, "
            "X) and PyOD's AutoEncoder have the same widths and otherwise their "
            "defaults; MLPRegressor has early stopping. Both have disadvantages: "
            "MLPRegressor's bottleneck is a ReLU; PyOD standardizes every column, so "
            "that its loss differs from the error measured here, and by default it has "
            "dropout of 0.2, batch normalization and 10 epochs. KernelPCA has radial "
            f"basis functions and is fitted to at most {MAX_KERNEL_ROWS:,} "
            f"rows.{_missing_splits(rows)}",
            quality.summary(rows).rename_axis("model").reset_index(),
        ),
        f"On {share(quality.share_best(rows))} of the pairs {OURS}'s error is at most "
        "that of the best other model that was measured: "
        f"{', '.join(quality.peers_of(rows))}.",
        "![Held-out squared error over PCA's of every pair and model](quality.png)",
        under(
            "Error over PCA's of every pair, averaged over splits.",
            quality.pair_table(rows),
        ),
        *_score_tables(rows),
    ]


def _longer(rows):
    """Return a sentence about the longer fits, if there are any."""
    if not (rows["model"] == LONGER).any():
        return ""
    return f" {LONGER} has twice as many epochs as the default."


def _missing_splits(rows):
    """Return a sentence about splits at which only our models were measured."""
    pairs = quality.splits_without_peers(rows)
    if not pairs:
        return ""
    named = ", ".join(f"{name} {seed}" for name, seed in pairs)
    return f" Other models were not measured at these splits (set and seed): {named}."


def _widths():
    widths = [*map(str, HIDDEN)]
    return "-".join([*widths, "k", *widths[::-1]])


def _score_tables(rows):
    if "target" not in rows:
        return []
    caption = (
        "Scores of {} on held-out codes, averaged over splits: balanced accuracy of "
        "classes, R2 of numbers."
    )
    return [
        under(
            "Scores of 5 nearest neighbours and of a linear model (of standardized "
            "codes) on held-out rows, averaged over pairs. Scores are balanced "
            "accuracy for classes and R2 for numbers, with at most "
            f"{probes.MAX_TRAIN:,} training and {probes.MAX_TEST:,} held-out rows. "
            f"{probes.UNTRAINED.capitalize()} is {OURS}'s network with random weights.",
            probes.summary(rows),
        ),
        under(
            caption.format("5 nearest neighbours"),
            probes.pair_table(rows, probes.NEIGHBOURS),
        ),
        under(caption.format("a linear model"), probes.pair_table(rows, probes.LINEAR)),
    ]


def time_section(rows):
    medians = times.medians(rows)
    said = ", ".join(f"{name} {_reached(value)}" for name, value in medians.items())
    return [
        "![Held-out squared error over PCA's against fit seconds](time_to_quality.png)",
        under(
            "Seconds until the held-out error of a fit is at most the final error of "
            f"{SKORCH}, divided by the seconds of {SKORCH}'s whole fit, its patience "
            "included. The seconds come from separate fits with several numbers of "
            f"epochs, interpolated linearly on logarithmic axes. {SKORCH}'s fit "
            "without its patience is one of them: it is the shortest fit with the "
            f"final error, which is not known beforehand. On {', '.join(times.LONG)}, "
            "where fits take long, the other models have fewer numbers of epochs. The "
            f"first split is used. Medians: {said}.",
            times.speed_table(rows),
        ),
    ]


def _reached(value):
    return "never" if value == times.NEVER else number(value)


def engine_section(rows):
    rate = rows["GFLOP/s of matrix products"].iloc[0]
    return [
        under(
            "Seconds of a fit, divided by those of a bare torch loop. The loop has the "
            "same network, batches, epochs, gradient clipping, schedule, validation "
            "pass and copy of the best weights, and bfloat16 products where ours has "
            "them. It has no noise, average of weights, linear start, callbacks or "
            "history. Microseconds per step are all seconds divided by the number of "
            "steps. The float32 floor is the time of 6 operations per parameter and "
            "row (2 forward, 4 backward) at the rate of float32 matrix products of "
            f"size {MATRIX_SIZE:,}, {rate:,.0f} GFLOP/s; steps of large networks may "
            "be in bfloat16, which has another rate. The largest ratio is "
            f"{rows['ratio'].max():.3f}.",
            rows[list(rows.columns[: list(rows.columns).index(FLOOR) + 1])],
        )
    ]


def transform_section(rows):
    columns = ["rows", "columns", "model"]
    columns += [transforms.RATE, transforms.OVER_BARE, transforms.EXTRA]
    return [
        under(
            "Rows per second, in float32, of `transform`, of the bare network's "
            "encoder in the same chunks, of PCA's transform and of MLPRegressor's "
            "predict (which also decodes). Memory is the largest anonymous memory of a "
            "call, beyond its output.",
            rows[columns],
        )
    ]


def scale_section(rows):
    columns = ["rows", "columns", "source", "fit seconds", "peak MiB"]
    return [
        under(
            "Fits to increasing numbers of rows. The largest tables are a "
            "`numpy.memmap` that is never loaded whole. Peak memory is measured above "
            "that of the process after the import. Errors are those of rows not in the "
            f"fit, divided by PCA's (PCA of the first {PCA_ROWS:,} rows).",
            rows[[*columns, "error over PCA's"]],
        )
    ]


def search_section(rows):
    line = rows.iloc[0]
    threads = int((rows["n_jobs"] * rows["threads a process"]).max())
    return [
        under(
            f"GridSearchCV of {line['candidates']:.0f} candidates and "
            f"{line['folds']:.0f} folds on digits, with a pipeline of codes and 5 "
            "nearest neighbours. The product of processes and torch's threads is at "
            f"most {threads}, on {line['cores']} cores.",
            rows[list(rows.columns[: list(rows.columns).index("over one job's") + 1])],
        )
    ]


def imports_section(rows):
    return [
        f"`import sklearn_ae` takes {number(rows['import seconds'].iloc[0])} seconds "
        "after torch and scikit-learn (`sklearn.decomposition` included) are imported."
    ]


def reconstruction_section(rows):
    return [
        under(
            "Tables are those that `pandas.read_csv` returns, with at most "
            f"{MAX_TABLE_ROWS:,} rows. Errors are held-out squared errors of the "
            "encoded matrix, divided by PCA's (geometric mean "
            f"{reconstruction.geometric_mean(rows):.3f}). The shares are those of "
            "categories that are reconstructed correctly.",
            reconstruction.summary(rows),
        )
    ]


def imputation_section(rows):
    return [
        under(
            "A fifth of the held-out cells is removed. Errors are mean squared errors "
            "of imputed numbers, in standard deviations of their columns. The shares "
            "are those of imputed categories that are correct.",
            imputation.summary(rows),
        )
    ]


def features_section(rows):
    lines = features.summary(rows)
    return [
        under(
            "Accuracy (of classes) or R2 of a linear model on raw columns with codes, "
            f"with at most {MAX_ROWS:,} rows and five folds. Ours are better than all "
            f"others on {features.n_ahead(rows)} of {len(lines)} data sets.",
            lines.map(lambda cell: f"{cell:.4f}" if isinstance(cell, float) else cell),
        )
    ]


def speed_section(rows):
    return [
        under(
            "Seconds to encode a mixed table, divided by those of a ColumnTransformer "
            "of StandardScaler and OneHotEncoder; and rows per second of transform.",
            speed.summary(rows),
        )
    ]


# Headings and functions by part.
SECTIONS = {
    "quality": ("Quality", quality_section),
    "time_to_quality": ("Time to quality", time_section),
    "engine": ("Training engine", engine_section),
    "transform": ("transform", transform_section),
    "scale": ("Scale", scale_section),
    "search": ("Search", search_section),
    "imports": ("Import", imports_section),
    "tables_reconstruction": ("Mixed tables: reconstruction", reconstruction_section),
    "tables_imputation": ("Mixed tables: imputation", imputation_section),
    "tables_features": ("Codes as features beside raw columns", features_section),
    "tables_speed": ("Mixed tables: encoding", speed_section),
    "sparse": ("SparseAutoencoder", family.sparse_section),
    "variational": ("VariationalAutoencoder", family.variational_section),
    "samples": ("VariationalAutoencoder: drawn rows", family.samples_section),
    "convolutional": ("ConvolutionalAutoencoder", family.convolutional_section),
    "outliers": ("Outliers", uses.outliers_section),
    "compression": ("CodeCompressor", uses.compression_section),
    "pretraining": ("Few labels", uses.pretraining_section),
    "pairs": ("EncoderDecoderRegressor", uses.pairs_section),
    "streaming": ("partial_fit", uses.streaming_section),
}
