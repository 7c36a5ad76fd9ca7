"""Seconds of a fit over those of a bare torch loop with as many steps."""

import math
from functools import partial

import numpy as np
import pandas as pd
import torch

from sklearn_ae import AutoencoderTransformer
from sklearn_ae._training.schedules import one_cycle
from sklearn_ae.nn import Autoencoder

from ...timing import DEVICE, timed

SHAPES = ((1_797, 64), (20_000, 54), (20_000, 784))
WIDTHS = ((128, 64), (256, 128), (512, 256))
BATCH_SIZES = (128, 256, 1_024)
# The point from which one thing at a time is varied.
SHAPE, WIDTH, BATCH_SIZE = SHAPES[1], WIDTHS[1], BATCH_SIZES[1]
N_COMPONENTS, REPEATS = 8, 7
MATRIX_SIZE, MATRIX_REPEATS = 2_048, 10
FLOOR = "float32 floor"


def make_rows(n_rows, n_features):
    """Return float32 rows on a curved sheet of 8 dimensions, with noise."""
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(n_rows, 8))
    rows = np.tanh(latent @ rng.normal(size=(8, n_features)))
    rows += 0.1 * rng.normal(size=rows.shape)
    return rows.astype(np.float32)


def bare_loop(X, estimator):
    """Train the network of `estimator` in plain torch.

    Batches, epochs, clipping, schedule, validation pass and the copy of the best
    weights are those of the estimator's fit, and as there the network's residual paths
    are trained in bfloat16 where that pays. There is no linear start, no turning of
    codes, no noise, no average of weights, no callback and no history.
    """
    rows = torch.from_numpy((X - X.mean(axis=0)) / X.std()).to(DEVICE)
    n_judged = math.ceil(estimator.validation_fraction * len(rows))
    judged, train = rows[:n_judged], rows[n_judged:]
    module = network_of(estimator).to(DEVICE)
    parameters = list(module.parameters())
    optimizer = torch.optim.AdamW(
        parameters, lr=estimator.learning_rate, weight_decay=0.0, fused=True
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, partial(one_cycle, n_steps=n_steps(estimator, len(X)))
    )
    best = float("inf")
    for _ in range(estimator.n_epochs_):
        module.train()
        order = torch.randperm(len(train), device=DEVICE)
        for batch in order.split(estimator.batch_size):
            x = train[batch]
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(module(x), x).backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()
        module.eval()
        with torch.no_grad():
            loss = torch.nn.functional.mse_loss(module(judged), judged).item()
        if loss < best:
            best = loss
            {name: value.clone() for name, value in module.state_dict().items()}


def network_of(estimator):
    """Return an untrained network of a fitted estimator's sizes."""
    return Autoencoder(
        estimator.n_features_in_,
        estimator.n_components,
        estimator.hidden_layer_sizes,
    )


def n_steps(estimator, n_rows):
    """Return the number of steps of an estimator's fit."""
    n_batches = math.ceil(n_train_rows(estimator, n_rows) / estimator.batch_size)
    return estimator.n_epochs_ * n_batches


def n_train_rows(estimator, n_rows):
    """Return the number of rows that are not set aside for validation."""
    return n_rows - math.ceil(estimator.validation_fraction * n_rows)


def matrix_rate(size=MATRIX_SIZE, repeats=MATRIX_REPEATS):
    """Return the operations a second of float32 matrix products, the best of some.

    A multiplication and an addition are two operations.
    """
    matrix = torch.rand(size, size, device=DEVICE)
    seconds = [timed(_synchronized_product, matrix)[1] for _ in range(repeats)]
    return 2 * size**3 / min(seconds)


def _synchronized_product(matrix):
    product = matrix @ matrix
    if product.is_cuda:
        torch.cuda.synchronize()


def floor_seconds(estimator, n_rows, rate):
    """Return the seconds that a fit's matrix products take at a rate.

    Forward they are two operations a parameter and row, backward twice as many.
    """
    n_parameters = sum(p.numel() for p in network_of(estimator).parameters())
    n_seen = estimator.n_epochs_ * n_train_rows(estimator, n_rows)
    return 6 * n_parameters * n_seen / rate


def grid():
    """Return shapes, widths and batch sizes: the middle, and one varied at a time."""
    points = [(shape, WIDTH, BATCH_SIZE) for shape in SHAPES]
    points += [(SHAPE, width, BATCH_SIZE) for width in WIDTHS]
    points += [(SHAPE, WIDTH, batch_size) for batch_size in BATCH_SIZES]
    return list(dict.fromkeys(points))


def run(points=None, repeats=REPEATS):
    """Return one row a point of the grid: seconds of both, and the floor.

    The ratio is the median of those of fits made in turns.
    """
    rate = matrix_rate()
    lines = []
    for shape, width, batch_size in points or grid():
        X, estimator = make_rows(*shape), make_estimator(width, batch_size)
        estimator.fit(X[:100])
        pairs = [
            (timed(estimator.fit, X)[1], timed(bare_loop, X, estimator)[1])
            for _ in range(repeats)
        ]
        ours, bare = np.array(pairs).T
        steps = n_steps(estimator, len(X))
        line = {
            "rows": shape[0],
            "columns": shape[1],
            "hidden layers": "-".join(map(str, width)),
            "batch size": batch_size,
            "steps": steps,
            "fit seconds": np.median(ours),
            "bare loop seconds": np.median(bare),
            "ratio": np.median(ours / bare),
            "microseconds a step": 1e6 * np.median(ours) / steps,
            "bare loop's": 1e6 * np.median(bare) / steps,
            FLOOR: 1e6 * floor_seconds(estimator, len(X), rate) / steps,
            "GFLOP/s of matrix products": rate / 1e9,
        }
        lines.append(line)
        print(*line.values(), flush=True)
    return pd.DataFrame(lines)


def make_estimator(width, batch_size):
    """Return the package's estimator at a point of the grid."""
    return AutoencoderTransformer(
        N_COMPONENTS, hidden_layer_sizes=width, batch_size=batch_size, random_state=0
    )


def run_short():
    """Return the smallest shape alone, once."""
    return run([(SHAPES[0], WIDTH, BATCH_SIZE)], repeats=1)
