"""What a forked process must not inherit."""

import os

import torch


def survive_forks() -> None:
    """Let torch use one thread in the processes that this one forks.

    OpenMP's threads are not copied by a fork. A forked process that shares its work
    among them, as torch does once it has had some, waits for ever.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_use_one_thread)


def _use_one_thread() -> None:
    torch.set_num_threads(1)
