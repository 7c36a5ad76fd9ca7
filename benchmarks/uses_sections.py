"""What the page of benchmarks says about what people do with autoencoders."""

from . import outliers
from .datasets import MAX_ROWS
from .markdown import under


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
            "adds, and PCA reconstruction is the squared error of PCA(2). Models are "
            f"in the order of their mean ROC AUC in both modes.{_worse(rows)}",
            outliers.means(rows),
        ),
        under(
            "Contaminated, set by set. On fashion_mnist the first class is normal and "
            f"the second a share of {outliers.SHARE:g}, on dry_bean the rarest class "
            "is taken for outliers, and on breast_cancer malignant cases are a share "
            f"of {outliers.SHARE:g}. Seconds are those of fit and scores together, on "
            "a machine that was busy with other work: they tell orders of magnitude.",
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
        f" Training loses more than {outliers.CLEARLY} of ROC AUC to that control on "
        f"{named or 'no set'}."
    )
