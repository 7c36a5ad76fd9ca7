"""Seconds of a fit over those of a bare torch loop that does the same steps."""

import time

import numpy as np
import pandas as pd
import torch

from sklearn_ae import AutoencoderTransformer
from sklearn_ae.nn import Autoencoder

SHAPES = ((1_797, 64), (20_000, 54), (20_000, 784))
REPEATS = 3


def make_rows(n_rows, n_features):
    """Return float32 rows on a curved sheet of 8 dimensions, with noise."""
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(n_rows, 8))
    rows = np.tanh(latent @ rng.normal(size=(8, n_features)))
    rows += 0.1 * rng.normal(size=rows.shape)
    return rows.astype(np.float32)


def bare_loop(X, estimator):
    """Train the network of `estimator` in plain torch and return the seconds.

    Batches, epochs, clipping, schedule, validation pass and the copy of the best
    weights are those of the estimator's fit; there is no linear start, no turning of
    codes, no callback and no history.
    """
    started = time.perf_counter()
    rows = torch.from_numpy((X - X.mean(axis=0)) / X.std())
    n_judged = int(np.ceil(estimator.validation_fraction * len(rows)))
    judged, train = rows[:n_judged], rows[n_judged:]
    module = Autoencoder(X.shape[1], estimator.n_components)
    parameters = list(module.parameters())
    optimizer = torch.optim.AdamW(
        parameters, lr=estimator.learning_rate, weight_decay=0.0, fused=True
    )
    n_steps = -(-len(train) // estimator.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, estimator.learning_rate, total_steps=n_steps * estimator.n_epochs_
    )
    best = float("inf")
    for _ in range(estimator.n_epochs_):
        module.train()
        order = torch.randperm(len(train))
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
    return time.perf_counter() - started


def fit_seconds(X, n_components):
    """Return a fitted estimator and the seconds its fit took."""
    started = time.perf_counter()
    estimator = AutoencoderTransformer(n_components, random_state=0).fit(X)
    return estimator, time.perf_counter() - started


def run(shapes=SHAPES, repeats=REPEATS):
    """Return one row a shape: seconds of both and the median of their ratios."""
    lines = []
    for shape in shapes:
        X = make_rows(*shape)
        pairs = []
        for _ in range(repeats):
            estimator, seconds = fit_seconds(X, 8)
            pairs.append((seconds, bare_loop(X, estimator)))
        ours, bare = np.array(pairs).T
        lines.append(
            {
                "rows": shape[0],
                "columns": shape[1],
                "fit seconds": np.median(ours),
                "bare loop seconds": np.median(bare),
                "ratio": np.median(ours / bare),
            }
        )
        print(*lines[-1].values(), flush=True)
    return pd.DataFrame(lines)
