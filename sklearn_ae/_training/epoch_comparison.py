"""Choice of epoch: when a start is left for what came after it."""

import math

import numpy as np
import torch
from scipy.special import stdtr
from torch import Tensor


def is_significant_gain(before: Tensor, after: Tensor, level: float = 0.01) -> bool:
    """Tell whether losses went down by more than chance between rows explains.

    Two paired t-tests look at the losses and at their logarithms, one-sided. The mean
    loss is what counts, but a few rows may hold most of it; logarithms count every row
    alike. One of the tests must find a gain at `level`, and the losses themselves a
    gain at five times that. Losses of either sign are tested alone.

    Parameters
    ----------
    before, after : Tensor of shape (n_rows,)
        Losses of the same rows.

    level : float, default=0.01
        Significance level. 1 asks for a lower mean alone.

    Returns
    -------
    clear : bool
        Never true for a single row, unless `level` is 1.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae._training.epoch_comparison import is_significant_gain
    >>> is_significant_gain(torch.ones(20), torch.linspace(0.4, 0.6, 20))
    True
    >>> is_significant_gain(torch.ones(20), torch.linspace(0.0, 1.9, 20))
    False
    """
    if (before.double() - after.double()).mean() <= 0:
        return False
    losses = torch.stack([before, after]).double().unique(dim=1)  # copies prove nothing
    gain = losses[0] - losses[1]
    if level == 1 or len(gain) == 1:
        return level == 1
    pairs = gain[None]
    if losses.min() >= 0:
        logarithms = losses.clamp_min(torch.finfo(torch.float64).tiny).log()
        pairs = torch.stack([gain, logarithms[0] - logarithms[1]])
    errors = pairs.std(dim=1) / math.sqrt(len(gain))
    p_values = stdtr(len(gain) - 1, -(pairs.mean(dim=1) / errors).cpu().numpy())
    return bool(p_values[0] < 5 * level and np.nanmin(p_values) < level)
