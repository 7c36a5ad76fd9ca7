"""Plots of the benchmarks."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from ..runners.errors import quality
from ..runners.peers import BASELINE, KERNEL, MLP, OURS, PEERS, PYOD, SKORCH

# Okabe and Ito's colours, which the colour-blind tell apart, and shapes besides.
STYLES = {
    OURS: ("#0072B2", "o"),
    SKORCH: ("#E69F00", "s"),
    MLP: ("#009E73", "^"),
    PYOD: ("#CC79A7", "D"),
    KERNEL: ("#56B4E9", "v"),
}
LARGEST_RATIO = 3.0
LABEL = "held-out squared error over PCA's"


def draw_quality(results):
    """Return the picture of errors over PCA's, a line a pair, a mark a model."""
    means = quality.pair_means(results)
    means = means.sort_values(OURS, ascending=False)
    figure = Figure(figsize=(8.5, 1.6 + 0.23 * len(means)), layout="constrained")
    axis = figure.subplots()
    lines = np.arange(len(means))
    axis.axvline(1, color="0.3", linewidth=1)
    for model in quality.present((*PEERS, OURS), means):
        colour, marker = STYLES[model]
        shown = means[model].clip(upper=LARGEST_RATIO)
        style = {"color": colour, "s": 46 if model == OURS else 24, "zorder": 3}
        axis.scatter(shown, lines, marker=marker, label=model, **style)
        for line in np.flatnonzero(means[model] > LARGEST_RATIO):
            axis.annotate("▸", (LARGEST_RATIO * 1.06, line), va="center", fontsize=8)
    labels = [f"{name}, {count}" for name, count in means.index]
    axis.set_yticks(lines, labels, fontsize=8)
    axis.grid(axis="both", color="0.9")
    axis.set_axisbelow(True)
    axis.set(xscale="log", ylim=(-0.7, len(means) - 0.3))
    axis.set_xlabel(
        f"{LABEL}, mean over splits (▸: beyond {LARGEST_RATIO:.0f}); left of 1 is "
        "better than PCA"
    )
    ticks = [r for r in (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 3) if r >= 0.8 * _low(means)]
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.minorticks_off()
    figure.legend(loc="outside upper center", ncols=5, frameon=False)
    return figure


def _low(means):
    return means.drop(columns=BASELINE, errors="ignore").min().min()


def draw_time(results):
    """Return the picture of errors over PCA's against fit seconds, a panel a set."""
    groups = list(results.groupby(["data", "n_components"]))
    n_columns = min(len(groups), 3)
    n_lines = -(-len(groups) // n_columns)
    figure = Figure(
        figsize=(1 + 3.4 * n_columns, 1.2 + 3 * n_lines), layout="constrained"
    )
    axes = figure.subplots(n_lines, n_columns, squeeze=False).ravel()
    handles = {}
    for axis, ((name, count), part) in zip(axes, groups, strict=False):
        handles |= _draw_curves(axis, part)
        axis.set_title(f"{name}, {count} components", fontsize=10)
    for axis in axes[len(groups) :]:
        axis.remove()
    figure.supxlabel("fit seconds")
    figure.supylabel(LABEL)
    figure.legend(
        handles.values(),
        handles.keys(),
        loc="outside upper center",
        ncols=2 * n_columns,
        frameon=False,
    )
    return figure


def _draw_curves(axis, part):
    handles = {BASELINE: axis.axhline(1, color="0.3", linewidth=1, linestyle="--")}
    for model in (*PEERS, OURS):
        curve = part[part["model"] == model].sort_values("seconds")
        if curve.empty:
            continue
        colour, marker = STYLES[model]
        style = {"color": colour, "marker": marker, "markersize": 5}
        (handles[model],) = axis.plot(curve["seconds"], curve["ratio"], **style)
    axis.set(xscale="log", yscale="log")
    for scale in (axis.xaxis, axis.yaxis):
        scale.set_major_locator(LogLocator(subs=(1, 2, 5)))
        scale.set_major_formatter("{x:g}")
        scale.set_minor_formatter(NullFormatter())
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
    axis.grid(color="0.9")
    axis.tick_params(labelsize=8)
    return handles


PICTURES = {"quality": draw_quality, "time_to_quality": draw_time}
