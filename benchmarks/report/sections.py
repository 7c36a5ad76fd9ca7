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
            "Squared error of held-out rows over that of PCA with as many components: "
            f"{len(means)} pairs of data set and `n_components`, float32, at most "
            f"{MAX_ROWS:,} rows, three quarters of them to train on, random splits "
            f"(seeds: {_values(rows, 'seed')}), defaults. A pair's error is the mean "
            f"over splits, and it is worse than PCA above {quality.WORSE}. Fit seconds "
            "are those of all a model's pairs, the mean over the splits at which all "
            f"fits of all models were timed (seeds: {seeds}).{_longer(rows)} The plain "
            f"skorch autoencoder is {_widths()}, ReLU, Adam, early stopping; "
            "MLPRegressor(X, X) and PyOD's AutoEncoder have the same widths and "
            "otherwise their defaults, the first with early stopping. These handicap "
            "both: "
            "MLPRegressor's bottleneck is a ReLU; PyOD standardizes every column "
            "itself, another loss than it is scored by, and by default has dropout of "
            "0.2, batch normalization and 10 epochs. KernelPCA has radial basis "
            f"functions and is fitted to at most {MAX_KERNEL_ROWS:,} rows."
            f"{_missing_splits(rows)}",
            quality.summary(rows).rename_axis("model").reset_index(),
        ),
        f"On {share(quality.share_best(rows))} of the pairs {OURS}'s error is at most "
        "that of the peer that is best there, of those measured: "
        f"{', '.join(quality.peers_of(rows))}.",
        "![Held-out squared error over PCA's of every pair and model](quality.png)",
        under(
            "Errors over PCA's of every pair, the mean over splits.",
            quality.pair_table(rows),
        ),
        *_score_tables(rows),
    ]


def _longer(rows):
    """Return a sentence about the longer fits, if there are any."""
    if not (rows["model"] == LONGER).any():
        return ""
    return f" {LONGER} has `max_epochs` set to twice what the default makes of it."


def _missing_splits(rows):
    """Return a sentence about splits at which only we were measured, if any."""
    pairs = quality.splits_without_peers(rows)
    if not pairs:
        return ""
    named = ", ".join(f"{name} {seed}" for name, seed in pairs)
    return f" Peers were not measured at these splits (set and seed): {named}."


def _widths():
    widths = [*map(str, HIDDEN)]
    return "-".join([*widths, "k", *widths[::-1]])


def _score_tables(rows):
    if "target" not in rows:
        return []
    caption = (
        "Scores of {} on held-out codes, the mean over splits: balanced accuracy of "
        "classes, R2 of numbers."
    )
    return [
        under(
            "What the codes are good for: scores of 5 nearest neighbours and of a "
            "linear model (of standardized codes) on held-out rows, the mean over "
            "pairs: balanced accuracy of classes, R2 of numbers, on at most "
            f"{probes.MAX_TRAIN:,} training and {probes.MAX_TEST:,} held-out rows. "
            f"{probes.UNTRAINED.capitalize()} is {OURS}'s network of random weights.",
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
            f"Seconds until a fit's held-out error is at most {SKORCH}'s final one, "
            f"over the seconds of {SKORCH}'s whole fit, its patience included; from "
            "separate fits at budgets of epochs, with straight lines between "
            f"neighbouring ones on logarithmic axes. {SKORCH}'s fit without its "
            "patience is one of them, so that it too has the shortest fit that gets "
            f"there, which nobody knows beforehand. On {', '.join(times.LONG)}, where "
            "fits take long, the peers have fewer budgets. The first split. Medians: "
            f"{said}.",
            times.speed_table(rows),
        ),
    ]


def _reached(value):
    return "never" if value == times.NEVER else number(value)


def engine_section(rows):
    rate = rows["GFLOP/s of matrix products"].iloc[0]
    return [
        under(
            "A fit's seconds over those of a bare torch loop with the same network, "
            "batches, epochs, clipping, schedule, validation pass and copy of the best "
            "weights, and with products in bfloat16 where ours are; it draws no noise, "
            "averages no weights, and has no linear start, callbacks or history. "
            "Microseconds of a step are all seconds over the number of steps. The "
            "float32 floor is the time of 6 operations a parameter and row (2 forward, "
            "4 backward) at the rate of float32 matrix products of size "
            f"{MATRIX_SIZE:,}, {rate:,.0f} GFLOP/s; steps of large networks may be in "
            "bfloat16, which has another. The largest ratio is "
            f"{rows['ratio'].max():.3f}.",
            rows[list(rows.columns[: list(rows.columns).index(FLOOR) + 1])],
        )
    ]


def transform_section(rows):
    columns = ["rows", "columns", "model"]
    columns += [transforms.RATE, transforms.OVER_BARE, transforms.EXTRA]
    return [
        under(
            "Rows a second of `transform`, of the bare network's encoder in the same "
            "chunks, of PCA's transform and of MLPRegressor's predict (which decodes "
            "too), float32; and the anonymous memory a call takes at most, beyond its "
            "output.",
            rows[columns],
        )
    ]


def scale_section(rows):
    columns = ["rows", "columns", "source", "fit seconds", "peak MiB"]
    return [
        under(
            "Fits to more and more rows; the largest come from a `numpy.memmap` that "
            "is never loaded whole. Peak memory is on top of that after the import. "
            "Errors are of rows not in the fit, over PCA's (PCA of the first "
            f"{PCA_ROWS:,} rows).",
            rows[[*columns, "error over PCA's"]],
        )
    ]


def search_section(rows):
    line = rows.iloc[0]
    threads = int((rows["n_jobs"] * rows["threads a process"]).max())
    return [
        under(
            f"GridSearchCV of {line['candidates']:.0f} candidates and "
            f"{line['folds']:.0f} folds on digits, a pipeline with 5 nearest "
            f"neighbours; processes and torch's threads multiply to {threads} at most, "
            f"on {line['cores']} cores.",
            rows[list(rows.columns[: list(rows.columns).index("over one job's") + 1])],
        )
    ]


def imports_section(rows):
    return [
        "`import sklearn_ae` takes "
        f"{number(rows['import seconds'].iloc[0])} seconds on top of torch and "
        "scikit-learn (`sklearn.decomposition` included)."
    ]


def reconstruction_section(rows):
    return [
        under(
            f"Tables as read by `pandas.read_csv`, at most {MAX_TABLE_ROWS:,} rows: "
            "held-out squared error on the encoded matrix over PCA's (geometric mean "
            f"{reconstruction.geometric_mean(rows):.3f}), and the share of categories "
            "that are right in the reconstruction.",
            reconstruction.summary(rows),
        )
    ]


def imputation_section(rows):
    return [
        under(
            "A fifth of the held-out cells taken away: mean squared error of imputed "
            "numbers, in deviations of their columns, and the share of imputed "
            "categories that are right.",
            imputation.summary(rows),
        )
    ]


def features_section(rows):
    lines = features.summary(rows)
    return [
        under(
            "Accuracy (of classes) or R2 of a linear model on raw columns and codes, "
            f"at most {MAX_ROWS:,} rows, five folds: ours are ahead of all others on "
            f"{features.n_ahead(rows)} of {len(lines)} sets.",
            lines.map(lambda cell: f"{cell:.4f}" if isinstance(cell, float) else cell),
        )
    ]


def speed_section(rows):
    return [
        under(
            "Seconds to encode a mixed table, over those of a ColumnTransformer of "
            "StandardScaler and OneHotEncoder, and rows per second of transform.",
            speed.summary(rows),
        )
    ]


# part: heading, what it says
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
