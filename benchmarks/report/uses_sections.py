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
            "Held-out accuracy of classes, or R2 of numbers, where a share of the "
            f"training rows is labelled: at most {MAX_ROWS:,} rows, three quarters of "
            f"them to train on, the mean over {rows['draw'].nunique()} draws of the "
            "labelled rows, classes in their shares. `PretrainedClassifier` and "
            "`PretrainedRegressor` have their defaults, on a `DenoisingAutoencoder` of "
            "all training rows, with half as many codes as encoded columns where there "
            "are classes, at most 64. It knows nothing of labels, so one was fitted a "
            "set, frozen: one fitted to the same rows and seed for each draw would "
            "be the same. Their start is logistic or ridge regression on its codes. "
            "Linear models on PCA's codes have as many of them, of all training rows, "
            "each divided by its deviation; scikit-learn's networks from scratch, its "
            "linear models and its self-training (logistic regression, at 1 % and 5 %; "
            f"beyond {pretraining.MAX_SELF_COLUMNS} columns on so many principal "
            "components) have standardized columns, categories as indicators. "
            f"Ahead, over sets and shares: of {ahead}.",
            table.map(_with_four_digits, na_action="ignore"),
        )
    ]


def outliers_section(rows):
    labelled = ", ".join(outliers.LABELLED)
    return [
        under(
            f"Outliers found without labels, at most {MAX_ROWS:,} rows, standardized "
            "on the training rows, defaults of every model. Contaminated: fitted to "
            "all rows, which are then scored. Novelty: fitted to the normal rows of a "
            f"random half, and the other half is scored. Means over {labelled}, whose "
            f"outliers are labelled, one split. {outliers.UNTRAINED} is the same over "
            "AutoencoderTransformer(max_epochs=0), the control for what training "
            "adds and what the detector falls back to where its training rows speak "
            "against the network, and PCA reconstruction is the squared error of "
            "PCA(2). Models are in the order of their mean ROC AUC in both modes."
            f"{_worse(rows)}",
            outliers.means(rows),
        ),
        under(
            "Contaminated, set by set. On fashion_mnist the first class is normal and "
            f"the second a share of {outliers.SHARE:g}, on dry_bean the rarest class "
            "is taken for outliers, and on breast_cancer malignant cases are a share "
            f"of {outliers.SHARE:g}. Seconds are those of fit and scores together, on "
            "a machine that was busy with other work, less so when it was our "
            "detector's turn: they tell orders of magnitude.",
            outliers.each(rows, outliers.CONTAMINATED),
        ),
        under("Novelty, set by set.", outliers.each(rows, outliers.NOVELTY)),
    ]


def _worse(rows):
    """Return a sentence about sets on which training costs detection, if any."""
    aucs = rows.pivot_table(outliers.AUC, ["mode", "data"], "model", sort=False)
    if not {outliers.OURS, outliers.UNTRAINED} <= set(aucs):
        return ""
    lost = aucs[outliers.UNTRAINED] - aucs[outliers.OURS] > outliers.CLEARLY
    named = ", ".join(f"{name} ({mode})" for mode, name in aucs.index[lost])
    return (
        f" Trusting the network loses more than {outliers.CLEARLY} of ROC AUC to that "
        f"control on {named or 'no set'}."
    )


def pairs_section(rows):
    table = pairs.summary(rows)
    pictures = table["scope"].ne("table")
    shown = table[~pictures].drop(columns=["scope", "PSNR"])
    blocks = [
        under(
            "Held-out squared error of patches of scikit-learn's two photographs over "
            "that of ridge regression (RidgeCV, seven penalties), and the peak "
            "signal-to-noise ratio in decibels. Training patches are 8x8 pixels at "
            "random places of the left halves; held out are "
            f"{pairs.N_HELD_OUT:,} patches of the right halves, and the whole right "
            "halves, made of all overlapping patches, of which each pixel is the mean. "
            "Inputs are grey, and outputs in colour; or inputs are means of 2x2 "
            "pixels, or have Gaussian noise of deviation "
            f"{photographs.NOISE} of the range, and both are grey. *{pairs.OURS}* has "
            "`input_shape` and `output_shape` and otherwise its defaults, *"
            f"{pairs.FLAT}* not even these. *{pairs.MLP}* has the same widths as its "
            "dense layers, standardized columns and early stopping. Bicubic "
            "interpolation is Pillow's, of the whole half picture, so that patches "
            f"have what is around them, or of the patch alone (*{pairs.CUBIC}*), "
            "which is what models are given.",
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
                "its deviation, over that of ridge regression: nir_soil's spectra to "
                "three properties of soil, of the rows that have all of them, five "
                "splits; gas_turbine's sensors to NOx and CO, one split. "
                "PLSRegression and CCA have the number of components that "
                "cross-validation on the training rows likes best.",
                shown,
            )
        )
    return blocks


def streaming_section(rows):
    columns = ["data", "n_components", "chunk rows", streaming.START, streaming.RATIO]
    return [
        under(
            f"Held-out squared error after {streaming.N_PASSES} passes of "
            "`partial_fit` over chunks of shuffled rows, over that of one `fit` to all "
            "of them; and that of PCA of the first chunk, where streams begin. Strings "
            "have a "
            f"categorical dtype. At most {MAX_ROWS:,} rows ({MAX_TABLE_ROWS:,} of "
            "tables), three quarters of them to train on, one split, defaults. The "
            "constants of the steps were chosen by the training and held-out rows of "
            f"{', '.join(streaming.TUNED)}, the others were looked at afterwards.",
            rows[columns],
        )
    ]
