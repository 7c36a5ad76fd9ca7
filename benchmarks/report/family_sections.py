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
            f"Held-out squared error of {sparse.K} codes a row of "
            f"{sparse.ATOMS_A_COLUMN} times as many atoms as columns, over that of PCA "
            f"with {sparse.K} components, of at most {MAX_ROWS:,} rows, three quarters "
            f"of them to train on, one split. {sparse.PEER} is given rows centred and "
            "divided by one number, its codes are those of orthogonal matching "
            "pursuit, and of these penalties it has the one that is best on the "
            f"held-out rows: {tried}.{_ended(ended, rows)}{_pursued(rows)} The "
            "photographs are 8x8 grey patches of two, without their means; held-out "
            f"patches may overlap training ones.{_busy(rows)}",
            sparse.summary(rows),
        ),
        "![Atoms, and patches as sums of few](sparse.png)",
    ]


def _busy(rows):
    if rows["seconds"].notna().all():
        return ""
    return " There are no seconds of fits on a busy machine."


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
        f" On {name} its codes and error are of {count:.0f} held-out rows."
        for name, count in fewer.items()
        if count
    )


def variational_section(rows):
    table = variational.summary(rows)
    gains = table[variational.GAIN]
    return [
        under(
            "Held-out log-likelihood a column of VariationalAutoencoder, in nats, and "
            "that of probabilistic PCA with as many components (PCA's `score`, in "
            f"float64): {len(table)} pairs of data set and `n_components`, one split, "
            f"at most {variational.MAX_SCORED:,} held-out rows, in the units of the "
            "rows both are given. The estimate is weighted by importance over 64 draws "
            "and on average a lower bound. A gain of 0 is PCA, kept where no epoch was "
            "clearly better. Active codes are those whose divergence from the prior is "
            f"at least {variational.ACTIVE} nats. The median gain is "
            f"{number(gains.median())}, the least {number(gains.min())}.{_busy(rows)}",
            table,
        ),
        "![Real rows, drawn ones, and a walk through the codes](variational.png)",
    ]


def samples_section(rows):
    return [
        under(
            f"Share of a row's {samples.N_NEIGHBORS} nearest neighbours that are of "
            "its own kind, where held-out rows and as many drawn ones are pooled, at "
            f"most {samples.MAX_ROWS:,} of each: 0.5 is ideal, 1 is worst (Schilling "
            "1986; Henze 1988). Euclidean distances of the encoded columns, one split. "
            "All but the training rows, which stand for the ideal, have noise of the "
            "variance that their model learned, and categories drawn by decoded "
            "probabilities. The mixture of PCA's codes has "
            f"{samples.N_GAUSSIANS} Gaussians.",
            samples.summary(rows),
        )
    ]


def convolutional_section(rows):
    return [
        under(
            "Held-out squared error of ConvolutionalAutoencoder over that of "
            "AutoencoderTransformer, both with their defaults, the mean over splits "
            f"({_splits(rows)}). The clips of a moving disc are generated, "
            f"8 frames of 12x12 with noise.{_busy(rows)}",
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
