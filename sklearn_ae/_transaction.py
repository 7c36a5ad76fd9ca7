"""A fit depends on nothing that a caller switched, and fails without a trace."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch

_PRIVATE = ("_fitted", "_output_axes", "_stream", "_target")


@contextlib.contextmanager
def restored_on_error(estimator) -> Iterator[None]:
    """Leave the fitted attributes of an estimator as they were if the block raises."""
    before = fitted_attributes(estimator)
    try:
        yield
    except BaseException:
        for name in fitted_attributes(estimator):
            delattr(estimator, name)
        vars(estimator).update(before)
        raise


def fitted_attributes(estimator) -> dict[str, Any]:
    """Return what a fit has assigned to an estimator, by name."""
    return {
        name: value
        for name, value in vars(estimator).items()
        if name in _PRIVATE or (name.endswith("_") and not name.startswith("_"))
    }


@contextlib.contextmanager
def own_torch_modes() -> Iterator[None]:
    """Train alike, whatever modes of torch the caller has switched on or off."""
    with (
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autocast("cpu", enabled=False),
        torch.autocast("cuda", enabled=False),
    ):
        yield
