"""Every public estimator in processes: signals, forks, workers and memory."""

import itertools
import os
import signal
import subprocess
import sys
import threading
from typing import NamedTuple

import joblib
import numpy as np
import pytest
from joblib import Parallel, delayed


class Job(NamedTuple):
    """What a process of its own is given of a case: our modules are not known there."""

    estimator: object
    arguments: tuple
    methods: tuple


@pytest.fixture
def start_process(tmp_path):
    """Run code on a list of estimators, arguments of fit, and methods."""
    started = []

    def start(code, jobs, **environment):
        joblib.dump([tuple(job) for job in jobs], tmp_path / "jobs")
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "jobs")],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )
        started.append((process, threading.Timer(120, process.kill)))
        started[-1][1].start()
        return process

    yield start
    for process, timer in started:
        timer.cancel()
        process.kill()
        process.wait()
        process.stdout.close()


def job_of(case, X, **training):
    arguments = (X,) if case.make_targets is None else (X, case.make_targets(X))
    return Job(case.make(**training), arguments, case.methods)


SEARCHES = """
import signal, sys
import joblib
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import Callback

class Tells(Callback):
    def on_train_begin(self, net, **kwargs):
        print("training", flush=True)

signal.signal(signal.SIGINT, signal.default_int_handler)
for estimator, arguments, _ in joblib.load(sys.argv[1]):
    names = estimator.get_params()
    own = "callbacks" if "callbacks" in names else "estimator__callbacks"
    estimator.set_params(**{own: [Tells()]})
    search = GridSearchCV(
        estimator,
        {own.replace("callbacks", "batch_size"): list(range(16, 66))},
        scoring=lambda fitted, *rows: 1.0,
        cv=2,
    )
    try:
        search.fit(*arguments)
    except KeyboardInterrupt:
        print("stopped", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT")
def test_ctrl_c_ends_a_search(start_process, cases, X):
    jobs = [job_of(case, X, max_epochs=100_000) for case in cases]
    process = start_process(SEARCHES, jobs)
    for job in jobs:
        assert process.stdout.readline() == "training\n", job.estimator
        process.send_signal(signal.SIGINT)
        lines = iter(process.stdout.readline, "stopped\n")
        n_more = len(list(itertools.takewhile(bool, lines)))
        # Each has one or two trainings, and a hundred are to come.
        assert n_more <= 2, job.estimator
    assert process.wait() == 0


FORKS = """
import multiprocessing, os, sys, time
from concurrent.futures import ThreadPoolExecutor
import joblib
import numpy as np

def answers(estimator, X, methods):
    return [np.asarray(getattr(estimator, name)(X)) for name in methods]

def use(estimator, arguments, methods, expected):
    found = answers(estimator, arguments[0], methods)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5) \
            if one.dtype.kind == "f" else np.testing.assert_array_equal(one, other)
    estimator.fit(*arguments)

def ended(process):
    process.join(10)
    process.kill()
    process.join()
    return process.exitcode

context = multiprocessing.get_context("fork")
for estimator, arguments, methods in joblib.load(sys.argv[1]):
    estimator.fit(*arguments)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: answers(estimator, arguments[0], methods), range(2)))
        expected = answers(estimator, arguments[0], methods)
        given = (estimator, arguments, methods, expected)
        process = context.Process(target=use, args=given)
        process.start()
    print(ended(process), flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_forks_after_use_end(start_process, cases):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 2)) @ rng.normal(size=(2, 60))
    X += 0.1 * rng.normal(size=X.shape)
    jobs = [job_of(case, X, max_epochs=1) for case in cases]
    process = start_process(FORKS, jobs, OMP_NUM_THREADS="2", OMP_WAIT_POLICY="passive")
    exits = process.communicate()[0].split()
    assert exits == ["0"] * len(jobs)


def answers_of(estimator, X, methods):
    return [np.asarray(getattr(estimator, name)(X)).tobytes() for name in methods]


def test_loky_gives_the_same_bits(cases, X):
    fitted = [case.fit(case.make(max_epochs=1), X[:100]) for case in cases]
    given = list(zip(fitted, itertools.repeat(X), [c.methods for c in cases]))
    found = Parallel(n_jobs=2, backend="loky")(
        delayed(answers_of)(*one) for one in given
    )
    assert found == list(itertools.starmap(answers_of, given))


MEMORY = """
import sys
import joblib
import numpy as np
from benchmarks.timing import peak_memory

def size(output):
    return len(output) if isinstance(output, bytes) else np.asarray(output).nbytes

X = np.random.default_rng(0).standard_normal((50_000, 80))
for estimator, arguments, methods in joblib.load(sys.argv[1]):
    estimator.fit(*arguments)
    for name in methods:
        call = getattr(estimator, name)
        call(X[:10_000])
        output, n_bytes = peak_memory(call, X)
        print(type(estimator).__name__, name, n_bytes - size(output), flush=True)
        del output
"""


BOUNDED = {"transform", "predict", "predict_proba", "explain", "compress"}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_of_answers_is_bounded(start_process, cases):
    X = np.random.default_rng(0).standard_normal((200, 80))
    jobs = [job_of(case, X, max_epochs=1) for case in cases]
    jobs = [job._replace(methods={*job.methods} & BOUNDED) for job in jobs]
    lines = start_process(MEMORY, jobs).communicate()[0].splitlines()
    assert len(lines) == sum(len(job.methods) for job in jobs)
    # The rows are 31 MiB.
    assert [line for line in lines if int(line.split()[-1]) > 28 * 2**20] == []
