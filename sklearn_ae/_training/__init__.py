"""Training: the engine over rows, schedules, validation and checkpoints."""

from .callbacks import check_callbacks
from .checkpoint import Checkpoint, check_checkpoint, read_checkpoint, resolved_path
from .cross_fitting import cross_fit_network, rows_outside_fold
from .engine import Objective, fit_network, row_losses
from .online import ScheduleFreeAdamW, flatten_weights, train_one_pass
from .random import RandomStreams
from .rows import (
    EPOCH_ROWS,
    EVALUATION_ROWS,
    Batches,
    ChosenRows,
    CorruptedRows,
    FixedCorruptedRows,
    Pair,
    PairedRows,
    RowSource,
    TensorRows,
    iterate_rows,
)
from .settings import TrainingSettings, TrainingState
from .torch_modes import default_torch_modes, resolve_device, use_one_thread_after_fork
from .validation_split import split_rows_for_validation

__all__ = [
    "EPOCH_ROWS",
    "EVALUATION_ROWS",
    "Batches",
    "Checkpoint",
    "ChosenRows",
    "CorruptedRows",
    "FixedCorruptedRows",
    "Objective",
    "Pair",
    "PairedRows",
    "RandomStreams",
    "RowSource",
    "ScheduleFreeAdamW",
    "TensorRows",
    "TrainingSettings",
    "TrainingState",
    "check_callbacks",
    "check_checkpoint",
    "cross_fit_network",
    "default_torch_modes",
    "fit_network",
    "flatten_weights",
    "iterate_rows",
    "read_checkpoint",
    "resolve_device",
    "resolved_path",
    "row_losses",
    "rows_outside_fold",
    "split_rows_for_validation",
    "train_one_pass",
    "use_one_thread_after_fork",
]
