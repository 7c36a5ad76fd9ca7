"""Pictures of noisy images denoised by PCA and by DenoisingAutoencoder.

``python -m benchmarks.denoising`` prints mean squared errors and writes
``docs/denoising.png``. Digits come with scikit-learn; Fashion-MNIST is taken from the
folder of data files where it is there.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from sklearn_ae import DenoisingAutoencoder

from .data.datasets import data_folder, load

PICTURE = Path(__file__).parents[1] / "docs" / "denoising.png"
# (name, grey levels, side of a picture, number of components)
PICTURES = [("digits", 16, 8, 32), ("fashion_mnist", 255, 28, 64)]
N_SHOWN = 8


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder of data files")
    folder = data_folder(parser.parse_args().data)
    kinds = []
    for name, levels, side, n_components in PICTURES:
        X = load(name, folder)
        if X is None:
            print("the picture stays as it is")
            continue
        for noise, pictures in compare(X / levels, n_components).items():
            report(name, noise, pictures)
            kinds.append((f"{name}, {noise}", side, pictures))
    if len(kinds) == 2 * len(PICTURES):
        draw(kinds)


def compare(X, n_components):
    """Return held-out pictures by noise: clean, noisy, and denoised by each model."""
    train, test = train_test_split(X, random_state=0)
    pca = PCA(n_components, random_state=0).fit(train)
    autoencoder = DenoisingAutoencoder(
        n_components, noise="gaussian", noise_level=1.0, random_state=0
    ).fit(train)
    return {
        noise: {
            "clean": test,
            "noisy": noisy,
            "PCA": pca.inverse_transform(pca.transform(noisy)),
            "DenoisingAutoencoder": autoencoder.reconstruct(noisy),
        }
        for noise, noisy in corrupted(test).items()
    }


def corrupted(X):
    """Return pictures of grey levels in [0, 1] under two kinds of noise."""
    rng = np.random.default_rng(0)
    speckled = X.copy()
    draw = rng.random(X.shape)
    speckled[draw < 0.1], speckled[draw > 0.9] = 0, 1
    additive = X + 0.3 * rng.normal(size=X.shape)
    return {"additive": additive.astype(X.dtype), "salt and pepper": speckled}


def report(name, noise, pictures):
    errors = {
        what: np.mean((shown - pictures["clean"]) ** 2)
        for what, shown in pictures.items()
        if what != "clean"
    }
    print(name, noise, *(f"{what} {error:.4f}" for what, error in errors.items()))


def draw(kinds):
    """Draw the first pictures of each kind, two kinds side by side."""
    figure = Figure(figsize=(10.5, 3.1 * len(kinds) / 2 + 0.2), layout="constrained")
    parts = np.ravel(figure.subfigures(len(kinds) // 2, 2))
    for part, (title, side, pictures) in zip(parts, kinds, strict=True):
        part.suptitle(title, fontsize=10, fontweight="bold")
        axes = part.subplots(len(pictures), N_SHOWN)
        for line, (what, shown) in zip(axes, pictures.items(), strict=True):
            name = what.replace("Denoising", "Denoising\n")
            line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=7)
            for axis, picture in zip(line, shown, strict=False):
                image = picture.reshape(side, side)
                axis.imshow(image, cmap="gray_r", vmin=0, vmax=1)
                axis.set(xticks=[], yticks=[])
                axis.spines[:].set_visible(False)
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=130)
    print(f"picture: {PICTURE.relative_to(PICTURE.parents[1])}")


if __name__ == "__main__":
    main()
