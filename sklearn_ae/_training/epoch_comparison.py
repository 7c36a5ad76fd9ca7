"""Test of whether an epoch is significantly better than the start.

Training with validation rows uses it to choose the epoch. Cross-fitting uses it twice:
to choose the epoch, and again after the last training.
"""

import math

import numpy as np
import torch
from scipy.special import stdtr
from torch import Tensor


def is_significant_gain(before: Tensor, after: Tensor, level: float = 0.01) -> bool:
    """Return whether losses fell by more than noise between rows explains.

    Two one-sided paired t-tests compare the losses, and their logarithms. The mean loss
    decides, but a few rows may dominate it; logarithms weigh all rows alike. One of the
    tests must be significant at `level`, and that of the losses at five times `level`.
    Logarithms are left out if a loss is negative.

    Parameters
    ----------
    before, after : Tensor of shape (n_rows,)
        Losses of the same rows.

    level : float, default=0.01
        Significance level. With 1 a lower mean is enough.

    Returns
    -------
    significant : bool
        Always false for a single row, unless `level` is 1.

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
