"""The way of data through a fit: codec, start, network, engine, axes."""

import math
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import torch

from ._axes import principal_axes, start_axes, turned_arrays
from ._callbacks import check_callbacks
from ._fitted import FittedAutoencoder
from ._random import RandomStreams
from ._rows import EPOCH_ROWS, EVALUATION_ROWS, Batches, RowSource, row_source
from ._start import LinearStart, component_limit, pca_start, resolve_n_components
from ._tables import NumericCodec, fit_numeric_codec
from ._training import TrainingSettings, TrainingState, fit_network, row_losses
from .nn import Autoencoder, reconstruction_loss, record_ranges

_AUTO_EPOCHS, _AUTO_STEPS = 100, 3_000
_MIN_VALIDATION_ROWS, _MAX_VALIDATION_ROWS = 50, 10_000
_NOTHING_LEFT = 1e-10  # share of the variance
_LARGEST_SCALE = 1e150


class Learned(NamedTuple):
    """What a fit learns.

    Attributes
    ----------
    fitted : FittedAutoencoder
        Encodes and decodes.

    explained_variance : ndarray of shape (n_components,)
        Variance of each code.

    state : TrainingState
        Curves, best epoch, and Ctrl-C if it ended training.

    pca_validation_loss : float or None
        PCA's loss on the validation rows.
    """

    fitted: FittedAutoencoder
    explained_variance: np.ndarray
    state: TrainingState
    pca_validation_loss: float | None


def fit_rows(estimator, X, X_val, feature_names) -> Learned:
    """Fit validated rows by an estimator's parameters, which stay as they are.

    Parameters
    ----------
    estimator : BaseAutoencoder
        Gives the parameters, and the network by its `_build`.

    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        Training rows, finite.

    X_val : {ndarray, CSR matrix} or None
        Validation rows. None means a share of X.

    feature_names : sequence of str
        Names of the columns, for errors.

    Returns
    -------
    learned : Learned
        Nothing of it is assigned to the estimator.
    """
    check_callbacks(estimator.callbacks or ())
    hidden_layer_sizes = _layer_sizes(estimator.hidden_layer_sizes)
    device = _resolve_device(estimator.device)
    n_components = resolve_n_components(estimator.n_components, X, estimator.init)
    streams = RandomStreams(estimator.random_state)
    codec = fit_numeric_codec(
        X, standardize=_standardizes(estimator), feature_names=feature_names
    )
    if codec.scale[0] > _LARGEST_SCALE and not _standardizes(estimator):
        raise ValueError(
            f"The variance of X must be finite in float64, got a deviation of "
            f"{codec.scale[0]:.3g}; standardize=True takes such columns."
        )
    start = pca_start(
        X, codec, min(n_components, component_limit(X)), streams.integer("start")
    )
    network = {
        "n_features": X.shape[1],
        "n_components": _n_components(n_components, start),
        "hidden_layer_sizes": hidden_layer_sizes,
        "activation": estimator.activation,
    }
    module, objective = estimator._build(network, streams.torch("weights"))
    if estimator.init == "pca":
        start.apply_to(module)
    module.to(device)
    rows = row_source(X, codec, device)
    judged = None if X_val is None else row_source(X_val, codec, device)
    index, validation = _split(estimator, rows, judged, streams)
    pca_loss = None if validation is None else _pca_loss(start, validation, device)
    settings = _settings(estimator, module, start, len(index), validation, pca_loss)
    state = fit_network(
        module, objective, rows, index, validation, settings, streams.torch("batches")
    )
    kept = _Kept(estimator, module, network, start, state, codec, rows, pca_loss)
    try:
        return _finish(kept)
    except KeyboardInterrupt as interruption:
        if validation is None:
            raise
        state.interruption = interruption
        return _finish(kept)


class _Kept(NamedTuple):
    """What training ends with."""

    estimator: Any
    module: Autoencoder
    network: dict[str, Any]
    start: LinearStart
    state: TrainingState
    codec: NumericCodec
    rows: RowSource
    pca_loss: float | None


def _finish(kept: _Kept) -> Learned:
    """Turn the weights to keep into what the estimator keeps."""
    whiten, module, network = kept.estimator.whiten, kept.module, kept.network
    if kept.state.best_epoch == 0 and kept.estimator.init == "pca":
        network = network | {"hidden_layer_sizes": ()}
        axes = start_axes(kept.start, whiten=whiten)
        arrays = turned_arrays(kept.start.network(), axes, np.float64)
    else:
        module.load_state_dict(kept.state.weights)
        everything = torch.arange(len(kept.rows))
        record_ranges(module, Batches(kept.rows, everything, EVALUATION_ROWS))
        axes = principal_axes(module, kept.rows, whiten=whiten)
        arrays = turned_arrays(module, axes, np.float32)
    # Codes are in input units where all columns share one scale, as PCA's are.
    unit = 1.0 if _standardizes(kept.estimator) else float(kept.codec.scale[0])
    return Learned(
        fitted=FittedAutoencoder(kept.codec, network, arrays, 1.0 if whiten else unit),
        explained_variance=axes.variance * unit**2,
        state=kept.state,
        pca_validation_loss=kept.pca_loss,
    )


def _split(estimator, rows, judged, streams):
    """Return the training rows' index, and (rows, index) for validation or None."""
    everything = torch.arange(len(rows))
    if not estimator.early_stopping:
        return everything, None
    if judged is not None:
        return everything, (judged, torch.arange(len(judged)))
    n_judged = _n_validation_rows(estimator.validation_fraction, len(rows))
    order = torch.from_numpy(streams.numpy("split").permutation(len(rows)))
    return order[n_judged:], (rows, order[:n_judged])


def _n_validation_rows(fraction: float, n_rows: int) -> int:
    """Return the share of the rows, within bounds that make a fair judge of them."""
    fewest = min(_MIN_VALIDATION_ROWS, n_rows // 4)
    n_judged = max(math.ceil(fraction * n_rows), fewest)
    return min(n_judged, _MAX_VALIDATION_ROWS, n_rows - 1)


def _settings(
    estimator, module, start, n_train, validation, pca_loss
) -> TrainingSettings:
    from_pca = estimator.init == "pca"
    share = start.unexplained_share if from_pca else 1.0
    settled = from_pca and (
        share < _NOTHING_LEFT
        or np.size(estimator.hidden_layer_sizes) == 0
        or (validation is not None and len(validation[1]) < 2)
    )
    return TrainingSettings(
        learning_rate=estimator.learning_rate,
        learning_rate_scales=module.learning_rate_scales(math.sqrt(share)),
        batch_size=estimator.batch_size,
        max_epochs=0 if settled else _n_epochs(estimator, n_train),
        weight_decay=estimator.weight_decay,
        n_iter_no_change=estimator.n_iter_no_change,
        significance_level=0.01 if from_pca else 1.0,
        loss_unit=share or 1.0,
        callbacks=estimator.callbacks or (),
        references={} if pca_loss is None else {"PCA": pca_loss},
        device=next(module.parameters()).device,
        verbose=estimator.verbose,
    )


def _n_epochs(estimator, n_train: int) -> int:
    """Return `max_epochs`, or what fits into the budget of epochs and steps."""
    if estimator.max_epochs != "auto":
        return int(estimator.max_epochs)
    steps_per_epoch = math.ceil(min(n_train, EPOCH_ROWS) / estimator.batch_size)
    return min(_AUTO_EPOCHS, math.ceil(_AUTO_STEPS / steps_per_epoch))


def _pca_loss(start: LinearStart, validation, device) -> float:
    """Return PCA's loss on the validation rows."""
    network = start.network().float().to(device)
    judged = Batches(*validation, EVALUATION_ROWS)
    loss = row_losses(network, reconstruction_loss, judged).mean().item()
    if not math.isfinite(loss):
        raise ValueError(
            f"PCA's loss on the validation rows must be finite, got {loss}; is X_val "
            "in the units of X?"
        )
    return loss


def _standardizes(estimator) -> bool:
    """Tell whether each column gets a scale of its own; "auto" is for categories."""
    return estimator.standardize != "auto" and bool(estimator.standardize)


def _resolve_device(device) -> torch.device:
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.ones(1, device=device).cpu()
    except (AssertionError, NotImplementedError, RuntimeError) as error:
        raise ValueError(
            f"device must be one that torch can use here, got {device!r}: {error}"
        ) from error
    return torch.device(device)


def _layer_sizes(hidden_layer_sizes) -> tuple[int, ...]:
    sizes = tuple(np.atleast_1d(np.asarray(hidden_layer_sizes, dtype=object)))
    for size in sizes:
        if not isinstance(size, Integral) or size < 1:
            raise ValueError(
                "hidden_layer_sizes must be integers of at least 1, got "
                f"{hidden_layer_sizes!r}."
            )
    return tuple(int(size) for size in sizes)


def _n_components(n_components, start: LinearStart) -> int:
    if isinstance(n_components, Integral):
        return int(n_components)
    return len(start.components)
