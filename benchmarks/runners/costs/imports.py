"""Seconds that importing the package adds to importing torch and scikit-learn."""

import subprocess
import sys

import numpy as np
import pandas as pd

REPEATS = 7
_CODE = """
import time, torch, sklearn, sklearn.decomposition
started = time.perf_counter()
import sklearn_ae
print(time.perf_counter() - started)
"""


def run(repeats=REPEATS):
    """Return one row with the median over fresh interpreters."""
    command = [sys.executable, "-c", _CODE]
    seconds = [
        float(
            subprocess.run(command, capture_output=True, check=True, text=True).stdout
        )
        for _ in range(repeats)
    ]
    return pd.DataFrame([{"import seconds": np.median(seconds)}])
