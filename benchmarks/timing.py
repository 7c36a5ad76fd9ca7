"""Seconds and peak memory of a call."""

import ctypes
import gc
import threading
import time
from pathlib import Path

import numpy as np
import torch

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
MIB = 2**20


def timed(call, *arguments):
    """Return what a call returns, and the seconds it took."""
    started = time.perf_counter()
    result = call(*arguments)
    return result, time.perf_counter() - started


def median_seconds(calls, repeats):
    """Return the median seconds of each of several calls, made in turns."""
    seconds = [[timed(call)[1] for call in calls] for _ in range(repeats)]
    return np.median(seconds, axis=0)


def peak_memory(call, *arguments, every=0.001):
    """Return what a call returns, and the bytes it took at most meanwhile.

    They are anonymous memory, which pages mapped from files are not, on top of what
    there was before. A thread looks once in `every` seconds.
    """
    _give_back_free_memory()
    before = peak = anonymous_memory()
    done = threading.Event()

    def look():
        nonlocal peak
        while not done.wait(every):
            peak = max(peak, anonymous_memory())

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        result = call(*arguments)
    finally:
        done.set()
        watcher.join()
    return result, peak - before


def anonymous_memory():
    """Return the bytes of this process's anonymous memory, NaN where not told."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return np.nan
    sizes = [line.split()[1] for line in lines if line.startswith("RssAnon")]
    return int(sizes[0]) * 1024 if sizes else np.nan


def _give_back_free_memory():
    """Return freed memory to the system: taken again, it would not be seen."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError):
        return  # another C library
