"""Device, autocast and fork settings of torch during a fit."""

import contextlib
import os
from collections.abc import Iterator

import torch


def use_one_thread_after_fork() -> None:
    """Let torch use one thread in the processes that this one forks.

    A fork does not copy OpenMP's threads. If the parent has used them, torch in the
    child waits for them for ever.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_use_one_thread)


def _use_one_thread() -> None:
    torch.set_num_threads(1)


def resolve_device(device) -> torch.device:
    """Return the torch device of a parameter; raise if it can't be used."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.ones(1, device=device).cpu()
    except (AssertionError, NotImplementedError, RuntimeError) as error:
        raise ValueError(
            f"device must be one that torch can use here, got {device!r}: {error}"
        ) from error
    return torch.device(device)


@contextlib.contextmanager
def default_torch_modes() -> Iterator[None]:
    """Set the modes that training needs, whatever the caller has switched."""
    with (
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autocast("cpu", enabled=False),
        torch.autocast("cuda", enabled=False),
    ):
        yield
