"""Fits that are killed: a process for itself does, killing the children it forks."""

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sklearn_ae import AutoencoderTransformer, DenoisingAutoencoder

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")

KINDS = {
    # One training with all epochs, and six of cross-fitting, which start anew.
    "one": lambda: AutoencoderTransformer(2, max_epochs=60, random_state=0),
    "folds": lambda: DenoisingAutoencoder(
        2, hidden_layer_sizes=(32,), max_epochs=8, random_state=0
    ),
}
N_ROWS = {"one": 600, "folds": 200}
# Files that are written before a kill. Cross-fitting writes one.
N_FILES = {"one": (3, 4), "folds": (1, 1)}


def rows(n_rows):
    source = np.random.default_rng(0)
    angle = source.uniform(-3, 3, (n_rows, 1))
    curve = np.hstack([np.cos(angle), np.sin(angle), angle, angle**2])
    return curve + 0.05 * source.normal(size=curve.shape)


def bits(estimator):
    return {name: pickle.dumps(value) for name, value in vars(estimator).items()}


def kill(fit, wait):
    """Fit in a child, and kill it after a wait; tell whether it was still at it."""
    child = os.fork()
    if child == 0:
        fit()
        os._exit(0)
    wait()
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def wait_for_files(path, n_files):
    """Wait until the file was replaced a number of times."""
    seen = set()
    for _ in range(100_000):
        if path.exists():
            seen.add(os.stat(path).st_mtime_ns)
        if len(seen) == n_files:
            return
        time.sleep(0.0005)


def kill_in_turn(kind, path):
    """Kill a fit twice, and let it come to its end."""
    X = rows(N_ROWS[kind])

    def fit():
        return KINDS[kind]().fit(X, checkpoint=path)

    n_killed = 0
    for n_files in N_FILES[kind]:
        n_killed += kill(fit, lambda: wait_for_files(path, n_files))  # noqa: B023
    assert n_killed
    assert bits(fit()) == bits(KINDS[kind]().fit(X))


def kill_at_random(kind, path):
    """Kill 20 fits at random moments, and let each come to its end."""
    X, source = rows(N_ROWS[kind]), np.random.default_rng()

    def fit():
        return KINDS[kind]().fit(X, checkpoint=path)

    start = time.perf_counter()
    whole = bits(fit())
    duration = time.perf_counter() - start
    n_killed = 0
    while n_killed < 20:
        path.unlink(missing_ok=True)
        moment = source.uniform(0, duration)
        n_killed += kill(fit, lambda: time.sleep(moment))  # noqa: B023
        assert bits(fit()) == whole


def run(function, kind, path):
    """Call a function in a process of one thread, which may be forked safely."""
    libraries = ("MKL", "OMP", "OPENBLAS")
    one = dict.fromkeys((f"{name}_NUM_THREADS" for name in libraries), "1")
    subprocess.run(
        [sys.executable, __file__, function.__name__, kind, path],
        env=os.environ | one,
        check=True,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_killed_fits_resume_to_same_bits(tmp_path, kind):
    run(kill_in_turn, kind, tmp_path / "fit.checkpoint")


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_fits_killed_at_random_resume(tmp_path, kind):
    run(kill_at_random, kind, tmp_path / "fit.checkpoint")


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2], Path(sys.argv[3]))
