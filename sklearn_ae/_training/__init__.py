"""Training: the engine over rows, schedules, validation and checkpoints."""

from .callbacks import check_callbacks
from .checkpoint import Checkpoint, check_checkpoint, read_checkpoint, resolve_path
from .cross_fitting import (
    Networks,
    rows_outside_fold,
    train_networks,
    validation_losses,
)
from .engine import Objective, row_losses
from .online import (
    ScheduleFreeAdamW,
    check_convergence,
    flatten_weights,
    train_one_pass,
)
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
from .settings import Observer, TrainingOptions, TrainingSettings, TrainingState
from .torch_modes import default_torch_modes, resolve_device, use_one_thread_after_fork
from .validation_split import RowSplit, split_rows
