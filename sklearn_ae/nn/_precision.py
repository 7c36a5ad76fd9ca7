"""Choice between float32 and bfloat16 products in training."""

from functools import cache

import torch
from torch import Tensor

_MANY_WEIGHTS = 2**17
_CAPABILITIES = ("avx512_bf16", "amx_bf16")


def product_dtype(n_weights: int, x: Tensor) -> torch.dtype:
    """Return the dtype in which hidden layers multiply in training.

    It is bfloat16 in place of float32 where the network is so large that this takes
    less time, and its processor has instructions that multiply bfloat16.

    Parameters
    ----------
    n_weights : int
        Number of weights of the network.

    x : Tensor
        Input of the layers.

    Returns
    -------
    dtype : torch.dtype
        That of `x`, or bfloat16.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn._precision import product_dtype
    >>> product_dtype(1_000, torch.ones(2, 2))
    torch.float32
    """
    pays = x.device.type == "cpu" and n_weights >= _MANY_WEIGHTS
    if pays and x.dtype == torch.float32 and _has_bfloat16():
        return torch.bfloat16
    return x.dtype


@cache
def _has_bfloat16() -> bool:
    """Tell whether the processor multiplies bfloat16; False where torch can't tell."""
    get_capabilities = getattr(torch.cpu, "get_capabilities", dict)
    return any(get_capabilities().get(name, False) for name in _CAPABILITIES)
