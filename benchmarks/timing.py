"""Seconds of a call."""

import time

import numpy as np


def timed(call, *arguments):
    """Return what a call returns, and the seconds it took."""
    started = time.perf_counter()
    result = call(*arguments)
    return result, time.perf_counter() - started


def median_seconds(calls, repeats):
    """Return the median seconds of each of several calls, made in turns."""
    seconds = [[timed(call)[1] for call in calls] for _ in range(repeats)]
    return np.median(seconds, axis=0)
