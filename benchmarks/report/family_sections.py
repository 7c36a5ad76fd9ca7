"""Page sections on sparse, variational and convolutional autoencoders."""

from ..data.datasets import MAX_ROWS
from ..runners.errors import convolutional, samples, sparse, variational
from .markdown import number, under


def sparse_section(rows):
    ended = sparse.out_of_time(rows)
    alphas = rows.loc[rows["model"] == sparse.PEER].groupby("data", sort=False)["alpha"]
    tried = "; ".join(
        f"{name}: {', '.join(f'{alpha:g}' for alpha in dict.fromkeys(values))}"
        for name, values in alphas
    )
    return [
        under(
            f"Held-out squared error of {sparse.K} codes per row, with "
            f"{sparse.ATOMS_A_COLUMN} times as many atoms as columns, divided by that "
            f"of PCA with {sparse.K} components. There are at most {MAX_ROWS:,} rows, "
            f"three quarters of them training rows, in one split. {sparse.PEER} gets "
            "rows that are centred and divided by one number. Its codes are computed "
            "by orthogonal matching pursuit. Of these penalties it has the one that is "
            f"best on the held-out rows: {tried}.{_ended(ended, rows)}{_pursued(rows)} "
            "The photographs are 8x8 grey patches of two photographs, minus their "
            f"means; held-out patches may overlap training patches.{_busy(rows)}",
            sparse.summary(rows),
        ),
        "![Atoms, and patches as sums of a few atoms](sparse.png)",
    ]


def _busy(rows):
    if rows["seconds"].notna().all():
        return ""
    return " Fits on a busy machine were not timed."


def _ended(names, rows):
    if not names:
        return ""
    is_busy = rows.loc[rows["in time"].eq(False), "seconds"].isna().any()
    busy = " on a machine that was busy with other work" if is_busy else ""
    return (
        f" Its fit was ended after {sparse.MAX_SECONDS} seconds{busy}, before it "
        f"stopped by itself, for {', '.join(names)}."
    )


def _pursued(rows):
    pursued = rows[rows["model"] == sparse.PEER].groupby("data")["rows transformed"]
    fewer = {name: pursued.max().get(name) for name in sparse.MAX_PURSUED}
    return "".join(
        f" On {name} its codes and error are those of {count:.0f} held-out rows."
        for name, count in fewer.items()
        if count
    )


def variational_section(rows):
    table = variational.summary(rows)
    gains = table[variational.GAIN]
    return [
        under(
            "Held-out log-likelihood per column of VariationalAutoencoder, in nats, "
            "and that of probabilistic PCA with as many components (PCA's `score`, in "
            f"float64), for {len(table)} pairs of data set and `n_components`, in one "
            f"split, with at most {variational.MAX_SCORED:,} held-out rows, in the "
            "units of the rows that both models get. The estimate uses importance "
            "sampling with 64 draws and is on average a lower bound. A gain of 0 is "
            "PCA, which is kept if no epoch is significantly better. Active codes are "
            f"those whose divergence from the prior is at least {variational.ACTIVE} "
            f"nats. The median gain is {number(gains.median())}, and the smallest is "
            f"{number(gains.min())}.{_busy(rows)}",
            table,
        ),
        "![Real rows, drawn rows, and interpolations between codes](variational.png)",
    ]


def samples_section(rows):
    return [
        under(
            "Test of whether drawn rows can be told apart from held-out rows "
            "(Schilling 1986; Henze 1988). Held-out rows and as many drawn rows are "
            f"pooled, with at most {samples.MAX_ROWS:,} of each. The figure is the "
            f"share of a row's {samples.N_NEIGHBORS} nearest neighbours that are of "
            "the row's own sample: 0.5 is ideal, 1 is the worst. Distances are "
            "Euclidean distances of the encoded columns, in one split. Training rows "
            "instead of drawn rows show the ideal. Drawn rows have noise of the "
            "variance that their model learned, and categories drawn by decoded "
            f"probabilities. The mixture of PCA's codes has {samples.N_GAUSSIANS} "
            "Gaussians.",
            samples.summary(rows),
        )
    ]


def convolutional_section(rows):
    return [
        under(
            "Held-out squared error of ConvolutionalAutoencoder, divided by that of "
            "AutoencoderTransformer, both with their defaults, averaged over splits "
            f"({_splits(rows)}). The clips of a moving disc are generated, with 8 "
            f"frames of 12x12 pixels and noise.{_busy(rows)}",
            convolutional.summary(rows),
        ),
        "![Reconstructions beside the originals](convolutional.png)",
    ]


def _splits(rows):
    counts = rows.groupby("data")["seed"].nunique()
    more = ", ".join(
        f"{count} on {name}" for name, count in counts.items() if count > 1
    )
    return f"{more}, one elsewhere" if more else "one"
