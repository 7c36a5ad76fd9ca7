"""Where training multiplies in bfloat16."""

from contextlib import AbstractContextManager, nullcontext
from functools import cache

import torch

_MANY_WEIGHTS = 2**17
_CAPABILITIES = ("avx512_bf16", "amx_bf16")


def faster_products(n_weights: int, device: torch.device) -> AbstractContextManager:
    """Return a context in which matrix products may be in bfloat16.

    They are where a network is large enough for that to pay and its processor
    multiplies bfloat16 itself; sums stay in float32. The context is local to a thread.

    Parameters
    ----------
    n_weights : int
        Size of the network.

    device : torch.device
        Where it is.

    Returns
    -------
    context : context manager
        Changes nothing where products stay as they are.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn._precision import faster_products
    >>> with faster_products(1_000, torch.device("cpu")):
    ...     product = torch.ones(2, 2) @ torch.ones(2, 2)
    >>> product.dtype
    torch.float32
    """
    if device.type == "cpu" and n_weights >= _MANY_WEIGHTS and _has_bfloat16():
        # Steps change weights in place: a cache of their casts would hold old ones
        # for as long as a caller's own context is open.
        return torch.autocast("cpu", torch.bfloat16, cache_enabled=False)
    return nullcontext()


@cache
def _has_bfloat16() -> bool:
    """Tell whether the processor multiplies bfloat16; False where torch can't say."""
    ask = getattr(torch.cpu, "get_capabilities", dict)
    return any(ask().get(name, False) for name in _CAPABILITIES)
