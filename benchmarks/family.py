"""Pictures of the estimators' results, for the docs.

``python -m benchmarks.family`` writes ``docs/sparse.png``, ``docs/variational.png``,
``docs/convolutional.png``, ``docs/colour.png`` and ``docs/size.png``, or only the
pictures named after it. Sets that are not in the folder of data files are left out;
digits, photographs and generated clips need no folder.
"""

import argparse
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.utils import check_random_state

from sklearn_ae import (
    AutoencoderTransformer,
    SparseAutoencoder,
    VariationalAutoencoder,
)

from .data.datasets import data_folder, load_rows, split
from .data.generated import PATCH_SIDE
from .report.images import show, tiled
from .report.photograph_pictures import draw_colour, draw_size
from .runners.errors.convolutional import SETS as AXES

DOCS = Path(__file__).parents[1] / "docs"
N_ATOMS, K, N_SUMS = 256, 10, 3
# (name, most a pixel has, side of a picture, numbers of components)
DRAWN = [("digits", 16, 8, 8), ("fashion_mnist", 255, 28, 32)]
N_DRAWN, N_STEPS, N_WALKS = 40, 10, 8
GAP = {"wspace": 0.06}
N_SHOWN = 8


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder of data files")
    parser.add_argument("pictures", nargs="*", default=[*PICTURES], metavar="picture")
    arguments = parser.parse_args()
    for name in arguments.pictures:
        picture = DOCS / f"{name}.png"
        PICTURES[name](data_folder(arguments.data)).savefig(picture, dpi=110)
        print(f"picture: {picture.relative_to(DOCS.parent)}", flush=True)


class Pictures(NamedTuple):
    """Training and held-out rows, of grey levels, and the shape of a picture."""

    train: np.ndarray
    test: np.ndarray
    shape: tuple


def pictures_of(name, shape, folder, most=1):
    """Return a set's pictures, or None where it is not there."""
    rows = load_rows(name, folder)
    if rows is None:
        return None
    train, test = split(rows, standardized=False, seed=0)
    return Pictures(train.X / np.float32(most), test.X / np.float32(most), shape)


def draw_sparse(folder):
    """Return the picture of atoms beside components, and of sums of few atoms."""
    photographs = pictures_of("photographs", (PATCH_SIDE, PATCH_SIDE), folder)
    sparse = SparseAutoencoder(N_ATOMS, k=K, random_state=0).fit(photographs.train)
    # All but the mean, which patches are without.
    pca = PCA(PATCH_SIDE**2 - 1).fit(photographs.train)
    atoms = sparse.module_.atoms.detach().numpy()
    codes = sparse.transform(photographs.test)
    often = np.argsort(-np.mean(codes != 0, axis=0), kind="stable")
    figure = Figure(figsize=(10, 8.4), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(5, 3))
    axes = above.subplots(1, 2, gridspec_kw=GAP)
    title = f"SparseAutoencoder: its {len(atoms)} atoms, the most used first"
    show_atoms(axes[0], atoms[often], 16, title)
    title = f"PCA: its {pca.n_components_} components"
    show_atoms(axes[1], pca.components_, 8, title)
    draw_sums(below, sparse, atoms, photographs.test)
    return figure


def show_atoms(axis, atoms, n_columns, title):
    scaled = atoms / np.abs(atoms).max(axis=1, keepdims=True)
    images = scaled.reshape(-1, PATCH_SIDE, PATCH_SIDE)
    show(axis, tiled(images, n_columns), title, cmap="gray", vmin=-1, vmax=1)


def draw_sums(figure, sparse, atoms, test):
    """Draw held-out patches of high contrast as the sums of their atoms."""
    contrast = test.std(axis=1)
    chosen = np.argsort(np.abs(contrast - np.quantile(contrast, 0.98)))[:N_SUMS]
    codes, sums = sparse.transform(test[chosen]), sparse.reconstruct(test[chosen])
    figure.suptitle(
        f"Held-out patches, the {K} atoms of each times their codes, and the sum",
        fontsize=9,
    )
    axes = figure.subplots(N_SUMS, K + 2)
    for line, patch, code, whole in zip(axes, test[chosen], codes, sums, strict=True):
        active = np.argsort(-np.abs(code), kind="stable")[:K]
        parts = [patch, *(code[active, None] * atoms[active]), whole]
        signs = ["patch", *(f"{value:+.0f}" for value in code[active]), "sum"]
        limit = np.abs(patch).max()
        for axis, part, sign in zip(line, parts, signs, strict=True):
            image = part.reshape(PATCH_SIDE, PATCH_SIDE)
            show(axis, image, sign, cmap="gray", vmin=-limit, vmax=limit)


def draw_variational(folder):
    """Return the picture of drawn pictures, and of walks through the codes."""
    found = [
        (name, n_components, pictures)
        for name, most, side, n_components in DRAWN
        if (pictures := pictures_of(name, (side, side), folder, most)) is not None
    ]
    figure = Figure(figsize=(10.5, 2.6 * len(found) + 4.4), layout="constrained")
    heights = [*(2.6 for _ in found), 4.4]
    *lines, last = np.ravel(figure.subfigures(len(heights), 1, height_ratios=heights))
    for line, (name, n_components, pictures) in zip(lines, found, strict=True):
        model = draw_draws(line, name, n_components, pictures)
    axes = last.subplots(1, 2, gridspec_kw=GAP | {"width_ratios": (2, 3)})
    draw_plane(axes[0], found[0][2])
    draw_walks(axes[1], model, name, n_components, pictures)
    return figure


def draw_draws(figure, name, n_components, pictures):
    """Draw real pictures and drawn ones, and return the fitted autoencoder."""
    train, test, shape = pictures
    model = VariationalAutoencoder(n_components, random_state=0).fit(train)
    kinds = {
        f"{name}: held-out pictures": test[:N_DRAWN],
        f"drawn by VariationalAutoencoder({n_components})": model.sample(N_DRAWN, 0),
        f"drawn by probabilistic PCA, {n_components} components": draws_of_pca(
            train, n_components
        ),
    }
    axes = figure.subplots(1, len(kinds), gridspec_kw=GAP)
    for axis, (title, drawn) in zip(axes, kinds.items(), strict=True):
        image = tiled(drawn.reshape(-1, *shape), 8)
        show(axis, image, title, cmap="gray_r", vmin=0, vmax=1)
    return model


def draws_of_pca(train, n_components):
    """Return pictures drawn from probabilistic PCA, noise included."""
    pca, generator = PCA(n_components, random_state=0).fit(train), check_random_state(0)
    noise = pca.noise_variance_
    spread = np.sqrt(pca.explained_variance_ - noise)
    codes = spread * generator.standard_normal((N_DRAWN, n_components))
    pictures = pca.inverse_transform(codes)
    return pictures + np.sqrt(noise) * generator.standard_normal(pictures.shape)


def draw_plane(axis, pictures):
    """Draw the pictures that a grid of two codes decodes to."""
    model = VariationalAutoencoder(2, random_state=0).fit(pictures.train)
    codes = model.transform(pictures.train)
    n_steps = 12
    first, second = np.quantile(codes, np.linspace(0.02, 0.98, n_steps), axis=0).T
    plane = np.stack(np.meshgrid(first, second[::-1]), axis=-1).reshape(-1, 2)
    decoded = model.inverse_transform(plane.astype(np.float32))
    image = tiled(decoded.reshape(-1, *pictures.shape), n_steps)
    title = "digits: what a plane of two codes decodes to"
    show(axis, image, title, cmap="gray_r", vmin=0, vmax=1)


def draw_walks(axis, model, name, n_components, pictures):
    """Draw what lies on straight lines between the codes of two held-out pictures."""
    shown = pictures.test[: 2 * N_WALKS]
    starts, ends = np.split(model.transform(shown), 2)
    steps = np.linspace(0, 1, N_STEPS)[:, None]
    walks = [
        start + steps * (end - start) for start, end in zip(starts, ends, strict=True)
    ]
    decoded = model.inverse_transform(np.concatenate(walks))
    lines = decoded.reshape(N_WALKS, N_STEPS, -1)
    first, last = (part[:, None] for part in np.split(shown, 2))
    whole = np.concatenate([first, lines, last], axis=1)
    image = tiled(whole.reshape(-1, *pictures.shape), N_STEPS + 2)
    title = f"{name}: lines from one held-out picture's code to another's"
    show(axis, image, title, cmap="gray_r", vmin=0, vmax=1)


def draw_convolutional(folder):
    """Return the picture of reconstructions of pictures and of a clip."""
    kinds = [("coil20", 1), ("fashion_mnist", 255), ("moving_disc", 1)]
    found = [
        (name, pictures)
        for name, most in kinds
        if (pictures := pictures_of(name, AXES[name].shape, folder, most)) is not None
    ]
    figure = Figure(figsize=(9, 4.4 * len(found)), layout="constrained")
    # Room for the labels, which the layout makes too little of.
    figure.get_layout_engine().set(rect=(0.03, 0, 0.97, 1))
    for part, (name, pictures) in zip(
        np.ravel(figure.subfigures(len(found), 1)), found, strict=True
    ):
        draw_reconstructions(part, name, pictures)
    return figure


def draw_reconstructions(figure, name, pictures):
    """Draw held-out pictures above what each model makes of them."""
    axes, (train, test, shape) = AXES[name], pictures
    pca = PCA(axes.n_components, random_state=0).fit(train)
    reconstructed = {"original": test}
    reconstructed["PCA"] = pca.inverse_transform(pca.transform(test))
    dense = AutoencoderTransformer(axes.n_components, random_state=0)
    for model in (dense, axes.make(0)):
        made = model.fit(train).reconstruct(test)
        reconstructed[type(model).__name__] = made
    baseline = np.sum((reconstructed["PCA"] - test) ** 2)
    shown = (
        "a held-out clip, frame by frame," if len(shape) > 2 else "held-out pictures"
    )
    figure.suptitle(
        f"{name}: {shown} from {axes.n_components} codes; squared errors are those of "
        "all held-out rows, over PCA's",
        fontsize=9,
    )
    lines = figure.subplots(len(reconstructed), 1)
    for axis, (what, rows) in zip(lines, reconstructed.items(), strict=True):
        images = rows[:N_SHOWN].reshape(-1, *shape[-2:])[:N_SHOWN]
        style = {"cmap": "gray_r" if name == "fashion_mnist" else "gray"}
        show(axis, tiled(images, N_SHOWN), vmin=0, vmax=1, **style)
        error = np.sum((rows - test) ** 2) / baseline
        words = re.sub("(?<=[a-z])(?=[A-Z])", "\n", what)
        label = words if rows is test else f"{words}\nerror {error:.2f}"
        axis.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9)


PICTURES = {
    "sparse": draw_sparse,
    "variational": draw_variational,
    "convolutional": draw_convolutional,
    "colour": draw_colour,
    "size": draw_size,
}

if __name__ == "__main__":
    main()
