"""README's table: the package against PCA and other models, in a few figures."""

import math

from ..runners.costs import transform as transforms
from ..runners.errors import (
    compression,
    convolutional,
    outliers,
    pairs,
    pretraining,
    quality,
    samples,
    sparse,
    time_to_quality,
    variational,
)
from ..runners.peers import OURS, SKORCH
from .markdown import number, share, under
from .results import RESULTS, load

PCA_ERROR, OVER_ONE = "error over PCA's", "over one job's"


def text(folder=RESULTS):
    """Return the README's block: a table, and a line for each other part measured."""
    parts = {name: load(name, folder) for name in LINES}
    lines = [LINES[name](rows) for name, rows in parts.items() if rows is not None]
    blocks = [_table(folder), "".join(f"- {line}\n" for line in lines)]
    return "\n".join(block for block in blocks if block)


def _table(folder):
    rows = load("quality", folder)
    if rows is None:
        return ""
    table = quality.summary(rows)
    shown = [
        "pairs",
        "geometric mean of error over PCA's",
        "ours on the same pairs",
        "pairs worse than PCA",
        "fit seconds",
        "ours, fit seconds on the same pairs",
    ]
    table = table[shown].rename_axis("model").reset_index()
    times = load("time_to_quality", folder)
    if times is not None:
        table[f"seconds to {SKORCH}'s error, over its fit's"] = table["model"].map(
            time_to_quality.medians(times)
        )
    best = share(quality.share_best(rows))
    return under(
        f"On {best} of {int(table['pairs'].max())} pairs of data set and "
        f"`n_components`, {OURS}'s held-out squared error is at most that of the best "
        f"other model that was measured: {', '.join(quality.peers_of(rows))}.",
        table,
    )


def _engine(rows):
    return (
        f"A fit takes {rows['ratio'].min():.2f} to {rows['ratio'].max():.2f} times as "
        "long as a bare torch loop of the same batches and epochs."
    )


def _transform(rows):
    ours = rows[rows["model"] == OURS]
    least = math.floor(100 * ours[transforms.OVER_BARE].min())
    most = math.ceil(ours[transforms.EXTRA].max())
    return (
        f"`transform` encodes at least {least} % of the rows per second of the bare "
        f"network, and needs at most {most} MiB beyond its output."
    )


def _scale(rows):
    line = rows.loc[rows["rows"].idxmax()]
    return (
        f"A fit to {line['rows']:,.0f} rows of {line['columns']:,.0f} columns from a "
        f"{line['source']} takes {line['fit seconds']:.0f} seconds and "
        f"{line['peak MiB']:,.0f} MiB, and its error is {number(line[PCA_ERROR])} of "
        "PCA's."
    )


def _search(rows):
    two = rows.iloc[-1]
    return (
        f"`GridSearchCV` with `n_jobs={two['n_jobs']:.0f}` takes "
        f"{share(two[OVER_ONE])} of the seconds of one job."
    )


def _imports(rows):
    seconds = number(rows["import seconds"].iloc[0])
    return f"`import sklearn_ae` adds {seconds} seconds to torch and scikit-learn."


def _sparse(rows):
    errors = sparse.best(rows).pivot_table("ratio", "data", "model")
    ratios = errors[sparse.OURS] / errors[sparse.PEER]
    return (
        f"The held-out error of `SparseAutoencoder` with {sparse.K} codes per row is "
        f"{_range(ratios)} of that of `{sparse.PEER}`."
    )


def _variational(rows):
    gains = variational.summary(rows)[variational.GAIN]
    return (
        "The held-out log-likelihood of `VariationalAutoencoder` is above "
        f"probabilistic PCA's by {number(gains.median())} nats per column in the "
        f"median of {len(gains)} pairs, and by at least {number(gains.min())}."
    )


def _samples(rows):
    table = samples.summary(rows)
    return (
        "If rows drawn by `VariationalAutoencoder` are pooled with held-out rows, "
        f"{_range(table[samples.OURS])} of a row's {samples.N_NEIGHBORS} nearest "
        "neighbours are of its own sample (0.5 is ideal); for probabilistic PCA it is "
        f"{_range(table[samples.PROBABILISTIC])}."
    )


def _convolutional(rows):
    ratios = convolutional.summary(rows).set_index("data")[convolutional.ERROR]
    return (
        f"The held-out error of `ConvolutionalAutoencoder` is {_range(ratios)} of that "
        f"of `{convolutional.DENSE}` on {', '.join(ratios.index)}."
    )


def _compression(rows):
    table = compression.at_equal_bytes(rows)
    over = [name for name in table if name.endswith("over PCA")]
    best = table.assign(best=table[over].min(axis=1)).groupby("data", sort=False)
    said = [
        f"{_range(part['best'])} of PCA's error on {name}, at "
        f"{_range(part['bytes a row'])} bytes per row"
        for name, part in best
    ]
    return f"The error of autoencoders in `CodeCompressor` is {'; '.join(said)}."


def _range(values):
    low, high = values.min(), values.max()
    return f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}"


def _outliers(rows):
    table = outliers.means(rows).set_index("model")
    aucs = [f"{mode}: {outliers.AUC}" for mode in outliers.MODES]
    if outliers.OURS not in table.index:
        return "No outliers were measured on labelled data sets."
    contaminated, novelty = (number(table.loc[outliers.OURS, name]) for name in aucs)
    return (
        f"`{outliers.OURS}` finds outliers with a mean ROC AUC of {contaminated} among "
        f"the training rows and {novelty} in new ones, "
        f"on {len(outliers.LABELLED)} sets."
    )


def _pretraining(rows):
    lines = pretraining.summary(rows)
    compared = [name for name in pretraining.PEERS if name in lines]
    return (
        "With 1 to 20 % of labels `PretrainedClassifier` or `PretrainedRegressor` is "
        f"better than all of these on {(lines['ahead'] == 'yes').sum()} of "
        f"{len(lines)} pairs of data set and share: {', '.join(compared)}."
    )


def _pairs(rows):
    table = pairs.summary(rows)
    table = table[table["model"].eq(pairs.OURS) & table["scope"].ne(pairs.WHOLE)]
    best = table.groupby("data", sort=False)[pairs.RATIO].min()
    said = ", ".join(f"{name} {number(ratio)}" for name, ratio in best.items())
    return f"`{pairs.OURS}`'s held-out error over ridge regression's: {said}."


LINES = {
    "engine": _engine,
    "transform": _transform,
    "scale": _scale,
    "search": _search,
    "imports": _imports,
    "sparse": _sparse,
    "variational": _variational,
    "samples": _samples,
    "convolutional": _convolutional,
    "outliers": _outliers,
    "compression": _compression,
    "pretraining": _pretraining,
    "pairs": _pairs,
}
