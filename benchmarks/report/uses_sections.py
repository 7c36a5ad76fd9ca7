"""Page sections on uses: outliers, compression, few labels, pairs, streams."""

from ..data import photographs
from ..data.datasets import MAX_ROWS, MAX_TABLE_ROWS
from ..runners.errors import compression, outliers, pairs, pretraining, streaming
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
            "Mean squared error of held-out cells that `CodeCompressor` compressed and "
            "decompressed, divided by the variance of the cells, at equal bytes per "
            "row. Models are autoencoders, and PCA, whose codes are quantized and "
            "packed in the same way. The other columns are divided by PCA's error: "
            "below 1 the autoencoder's error is smaller. There are at most "
            f"{MAX_ROWS:,} rows, three quarters of them training rows, in one split; "
            "gas_turbine is standardized. Each model has the best of several numbers "
            "of components, error bounds and bits, chosen by "
            f"{compression.MAX_CHOOSING:,} of its training rows. Held-out errors at "
            "the given bytes are interpolated linearly on logarithmic axes. Bytes are "
            "those of the whole file, without the fitted model. An autoencoder's error "
            "does not decrease further with more bytes than those of its last setting: "
            f"for smaller errors PCA needs fewer bytes. At equal bytes {_met(table)}.",
            shown,
        ),
        under(
            "Compression of the same held-out rows without a model. zlib is lossless "
            "(level 9, the better of row by row and column by column, of bytes for "
            "pictures and of float32 otherwise). JPEG (Pillow) has one file per "
            "picture, or one for all pictures.",
            compression.reference_rows(rows),
        ),
    ]


def _met(table):
    """Return how often the best autoencoder reaches the target error."""
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


def _with_four_digits(cell):
    return f"{cell:.4f}" if isinstance(cell, float) else cell


def pretraining_section(rows):
    table = pretraining.summary(rows)
    ahead = ", ".join(
        f"{name} {n_ahead} of {n_there}"
        for name, (n_ahead, n_there) in pretraining.n_ahead(rows).items()
    )
    return [
        under(
            "Held-out accuracy of classes, or R2 of numbers, if a share of the "
            f"training rows is labelled. There are at most {MAX_ROWS:,} rows, three "
            "quarters of them training rows. Scores are means over "
            f"{rows['draw'].nunique()} draws of the labelled rows, stratified by "
            "class. `PretrainedClassifier` and `PretrainedRegressor` have their "
            "defaults, on a `DenoisingAutoencoder` of all training rows. For classes "
            "it has half as many codes as encoded columns, at most 64. The autoencoder "
            "does not depend on labels, so it is fitted once per data set and frozen; "
            "a fit for each draw would give the same. The start is logistic or ridge "
            "regression on its codes. Linear models on PCA's codes have as many codes, "
            "of all training rows, each divided by its standard deviation. "
            "scikit-learn's networks from scratch, linear models and self-training "
            "(logistic regression, at 1 % and 5 %; beyond "
            f"{pretraining.MAX_SELF_COLUMNS} columns on as many principal components) "
            "have standardized columns, and indicators of categories. Numbers of "
            "pairs of data set and share on which pre-training is better than another "
            f"model: {ahead}.",
            table.map(_with_four_digits, na_action="ignore"),
        )
    ]


def outliers_section(rows):
    labelled = ", ".join(outliers.LABELLED)
    return [
        under(
            f"Outlier detection without labels, with at most {MAX_ROWS:,} rows, "
            "standardized on the training rows, and the defaults of every model. "
            "Contaminated: fitted to all rows, which are then scored. Novelty: fitted "
            "to the inliers of a random half; the other half is scored. Figures are "
            f"means over {labelled}, whose outliers are labelled, in one split. "
            f"{outliers.UNTRAINED} is the same detector with "
            "AutoencoderTransformer(max_epochs=0). It is the control for the effect of "
            "training, and the detector uses it if its training rows do not support "
            "the network. PCA reconstruction is the squared error of PCA(2). Models "
            f"are ordered by their mean ROC AUC in both modes.{_worse(rows)}",
            outliers.means(rows),
        ),
        under(
            "Contaminated, by data set. On fashion_mnist the first class is normal and "
            f"the second class is a share of {outliers.SHARE:g}; on dry_bean the "
            "rarest class counts as outliers; on breast_cancer malignant cases are a "
            f"share of {outliers.SHARE:g}. Seconds are those of fit and scores "
            "together. They were measured on a busy machine, which was less busy for "
            "our detector, so they show orders of magnitude only.",
            outliers.each(rows, outliers.CONTAMINATED),
        ),
        under("Novelty, by data set.", outliers.each(rows, outliers.NOVELTY)),
    ]


def _worse(rows):
    """Return a sentence about sets on which training costs detection, if any."""
    aucs = rows.pivot_table(outliers.AUC, ["mode", "data"], "model", sort=False)
    if not {outliers.OURS, outliers.UNTRAINED} <= set(aucs):
        return ""
    lost = aucs[outliers.UNTRAINED] - aucs[outliers.OURS] > outliers.CLEARLY
    named = ", ".join(f"{name} ({mode})" for mode, name in aucs.index[lost])
    return (
        f" Using the network loses more than {outliers.CLEARLY} of ROC AUC to that "
        f"control on {named or 'no set'}."
    )


def pairs_section(rows):
    table = pairs.summary(rows)
    pictures = table["scope"].ne("table")
    shown = table[~pictures].drop(columns=["scope", "PSNR"])
    blocks = [
        under(
            "Held-out squared error of patches of scikit-learn's two photographs, "
            "divided by that of ridge regression (RidgeCV, seven penalties), and the "
            "peak signal-to-noise ratio in decibels. Training patches are 8x8 pixels "
            f"at random places of the left halves. Held out are {pairs.N_HELD_OUT:,} "
            "patches of the right halves, and the whole right halves, where each pixel "
            "is the mean over all overlapping patches. Inputs are grey and outputs are "
            "in colour; or inputs are means of 2x2 pixels, or have Gaussian noise with "
            f"a standard deviation of {photographs.NOISE} of the range, and both are "
            f"grey. *{pairs.OURS}* has `input_shape` and `output_shape` and otherwise "
            f"its defaults; *{pairs.FLAT}* has only its defaults. *{pairs.MLP}* has "
            "the same widths as its dense layers, standardized columns and early "
            "stopping. Bicubic interpolation is Pillow's, of the whole half picture, "
            "so that it uses the surroundings of patches, or of the patch alone "
            f"(*{pairs.CUBIC}*), as the models do.",
            table[pictures],
        ),
        "![Grey photographs given their colours](colour.png)",
        "![Small photographs made large](size.png)",
        "The photographs are china.jpg by FlickrFan and flower.jpg by dany13, CC BY.",
    ]
    if len(shown):
        blocks.append(
            under(
                "Held-out squared error of tables of several outputs, each divided by "
                "its standard deviation, divided by that of ridge regression: from "
                "nir_soil's spectra to three properties of soil, on the rows that have "
                "all of them, in five splits; from gas_turbine's sensors to NOx and "
                "CO, in one split. The number of components of PLSRegression and CCA "
                "is chosen by cross-validation on the training rows.",
                shown,
            )
        )
    return blocks


def streaming_section(rows):
    columns = ["data", "n_components", "chunk rows", streaming.START, streaming.RATIO]
    return [
        under(
            f"Held-out squared error after {streaming.N_PASSES} passes of "
            "`partial_fit` over chunks of shuffled rows, divided by that of one `fit` "
            "to all rows; and that of PCA of the first chunk, at which streams start. "
            f"Strings have a categorical dtype. There are at most {MAX_ROWS:,} rows "
            f"({MAX_TABLE_ROWS:,} of tables), three quarters of them training rows, in "
            "one split, with defaults. The constants of the optimizer were chosen by "
            f"the training and held-out rows of {', '.join(streaming.TUNED)}; the "
            "other data sets were evaluated afterwards.",
            rows[columns],
        )
    ]
