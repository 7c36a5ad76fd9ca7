"""Bytes per row and held-out error of compressed codes: autoencoders and PCA."""

import io
import zlib
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator

from sklearn_ae import (
    AutoencoderTransformer,
    CodeCompressor,
    ConvolutionalAutoencoder,
)

from ...data.datasets import load_rows, split

LINEAR, DENSE = "PCA", "AutoencoderTransformer"
CONVOLUTIONAL = "ConvolutionalAutoencoder"
ZLIB, JPEG, TILED = "zlib", "JPEG", "JPEG, all in one picture"
MODELS = (LINEAR, DENSE, CONVOLUTIONAL)
# Error bounds over the cells' variance, and which of them an estimator tries: those
# between these multiples of its reconstruction's error on training rows.
BOUNDS = tuple(0.5 * 2.0 ** -np.arange(18))
TRIED = (0.06, 8)
BITS_A_COMPONENT = (2, 4)
QUALITIES = (1, 5, 10, 20, 40)
MAX_CHOOSING = 2_500
TARGET = 0.7


class Case(NamedTuple):
    """A data set's numbers of components, and the bytes a row to compare at."""

    standardized: bool
    budgets: tuple
    linear: tuple
    dense: tuple
    shape: tuple | None = None
    convolutional: tuple = ()

    def makers(self, seed):
        """Yield model, number of components, and the estimator."""
        for count in self.linear:
            yield LINEAR, count, PCA(count, random_state=seed)
        for count in self.dense:
            yield DENSE, count, AutoencoderTransformer(count, random_state=seed)
        for count in self.convolutional:
            made = ConvolutionalAutoencoder(
                count, input_shape=self.shape, random_state=seed
            )
            yield CONVOLUTIONAL, count, made


SETS = {
    "gas_turbine": Case(
        True, (1.5, 2, 3, 4, 5, 6), tuple(range(2, 10)), tuple(range(2, 9))
    ),
    "fashion_mnist": Case(
        False,
        (3, 4, 6, 8, 12, 16, 24, 32, 64),
        (8, 16, 32, 64, 128, 256),
        (8, 16, 32, 64),
        (28, 28),
        (16, 32, 64),
    ),
    "digits": Case(False, (2, 4, 8, 16), (4, 8, 16, 32, 64), (4, 8, 16), (8, 8)),
}


def run(folder, name, seed=0):
    """Return one row a setting of one data set.

    Parameters
    ----------
    folder : Path or None
        Where data files are.

    name : str
        The data set, as in `SETS`.

    seed : int
        Of the split and the models.

    Returns
    -------
    results : DataFrame
        With columns data, seed, model, n_components, setting, bytes a row and error
        (mean squared error of a cell over the cells' variance), both of held-out rows,
        and the same of training rows ("choosing").
    """
    rows, case = load_rows(name, folder), SETS[name]
    if rows is None:
        return pd.DataFrame()
    train, test = (part.X for part in split(rows, case.standardized, seed))
    lines = [*references(*(part.X for part in split(rows, False, seed)), case.shape)]
    for model, count, estimator in case.makers(seed):
        estimator.fit(train)
        for result in compressed(estimator, train, test, seed):
            lines.append({"model": model, "n_components": count} | result)
            print(name, *lines[-1].values(), flush=True)
    return pd.DataFrame([{"data": name, "seed": seed} | line for line in lines])


def compressed(estimator, train, test, seed):
    """Yield what each setting of a compressor makes of a fitted estimator's codes."""
    chosen = np.random.default_rng(seed).permutation(len(train))[:MAX_CHOOSING]
    choosing, variance = train[chosen], train.var(axis=0, dtype=np.float64).mean()
    exact = estimator.inverse_transform(estimator.transform(choosing))
    error = mean_square(exact - choosing)
    low, high = (multiple * error for multiple in TRIED)
    high = high if error > BOUNDS[-1] * variance else np.inf
    bounds = [share * variance for share in BOUNDS]
    n_components = estimator.n_components_
    settings = [("error_bound", bound) for bound in bounds if low < bound < high]
    settings += [("n_bits", bits * n_components) for bits in BITS_A_COMPONENT]
    for parameter, value in settings:
        compressor = CodeCompressor(
            FrozenEstimator(estimator), random_state=seed, **{parameter: value}
        ).fit(train)
        result = {"setting": f"{parameter}={value:.4g}"}
        for part, suffix in ((test, ""), (choosing, " choosing")):
            data = compressor.compress(part)
            result[f"bytes a row{suffix}"] = len(data) / len(part)
            back = compressor.decompress(data)
            result[f"error{suffix}"] = mean_square(back - part) / variance
        yield result


def mean_square(difference):
    """Return the mean square of all cells, in float64."""
    return float(np.mean(np.square(difference, dtype=np.float64)))


def references(train, test, shape):
    """Yield what general and pictures' compression make of the raw held-out rows."""
    plain = test.astype(np.uint8) if shape else test
    size = min(len(zlib.compress(plain.tobytes(order), 9)) for order in "CF")
    yield {"model": ZLIB, "bytes a row": size / len(test), "error": 0.0}
    if shape is None:
        return
    variance = train.var(axis=0, dtype=np.float64).mean()
    scale = 255 / max(train.max(), 1)
    pictures = (test * scale).clip(0, 255).astype(np.uint8).reshape(-1, *shape)
    for model, made in ((JPEG, list(pictures)), (TILED, [in_one(pictures)])):
        for quality in QUALITIES:
            files = [jpeg(picture, quality) for picture in made]
            back = np.array([np.asarray(Image.open(io.BytesIO(f))) for f in files])
            difference = (back - np.array(made, np.float64)) / scale
            # In one picture, cells beyond the last row are no one's.
            error = np.square(difference).sum() / test.size
            yield {
                "model": model,
                "setting": f"quality={quality}",
                "bytes a row": sum(map(len, files)) / len(test),
                "error": error / variance,
            }


def in_one(pictures):
    """Return pictures side by side, in lines of a fiftieth of them."""
    n, height, width = pictures.shape
    n_wide = max(1, n // 50)
    whole = np.zeros((-(-n // n_wide) * n_wide, height, width), np.uint8)
    whole[:n] = pictures
    lines = whole.reshape(-1, n_wide, height, width).swapaxes(1, 2)
    return lines.reshape(-1, n_wide * width)


def jpeg(picture, quality):
    """Return a grey picture as the bytes of a JPEG file."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality, optimize=True)
    return file.getvalue()


def curve(lines):
    """Return the settings of which no other is better, by the training rows alone."""
    size, error = "bytes a row choosing", "error choosing"
    ordered = lines.sort_values([size, error])
    kept = ordered[error] < ordered[error].cummin().shift(fill_value=np.inf)
    return ordered[kept].sort_values("bytes a row")


def error_at(lines, budget):
    """Return the held-out error at a number of bytes a row.

    It lies on straight lines between the settings of `curve`, of the logarithms of
    bytes and error. More bytes than the largest setting's gain nothing.
    """
    kept = curve(lines)
    sizes, errors = np.log(kept["bytes a row"]), np.log(kept["error"])
    return float(np.exp(np.interp(np.log(budget), sizes, errors, left=np.nan)))


def at_equal_bytes(results):
    """Return a row a data set and budget: errors of all models, and over PCA's."""
    table = []
    for name, part in results.groupby("data", sort=False):
        curves = {model: part[part["model"] == model] for model in MODELS}
        for budget in SETS[name].budgets:
            errors = {
                model: error_at(lines, budget)
                for model, lines in curves.items()
                if len(lines)
            }
            line = {"data": name, "bytes a row": budget, LINEAR: errors.pop(LINEAR)}
            ratios = {f"{m} over PCA": e / line[LINEAR] for m, e in errors.items()}
            table.append(line | errors | ratios)
    return pd.DataFrame(table)


def reference_rows(results):
    """Return bytes and errors of what is not ours."""
    kept = results[results["model"].isin([ZLIB, JPEG, TILED])]
    return kept[["data", "model", "setting", "bytes a row", "error"]].fillna("")
