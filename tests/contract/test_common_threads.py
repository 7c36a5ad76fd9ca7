"""Every public estimator in threads, and beside what else a process holds."""

import os
import pickle
import random
import warnings
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone

from _cases import CASES
from _selection import first_in_make_test

N_THREADS, N_CALLS = 8, 200


@pytest.fixture(scope="module")
def fitted(X):
    """Fit a case once for all that looks at it."""
    made = {}

    def fit(case):
        if case.estimator_class not in made:
            made[case.estimator_class] = case.fit(case.make(), X[:60])
        return made[case.estimator_class]

    return fit


def name_of(case):
    return case.estimator_class.__name__


def bits(answers):
    return {name: answer.tobytes() for name, answer in answers.items()}


@pytest.mark.parametrize("case", first_in_make_test(CASES), ids=name_of)
def test_threads_give_the_same_bits(case, fitted, X):
    estimator, rows = fitted(case), X[:4]
    before = joblib.hash(vars(estimator))
    expected = bits(case.answers(estimator, rows))
    # What calls the others does what they do, and takes the longest.
    brief = case._replace(methods=case.methods[:1])

    def calls(_):
        return [bits(brief.answers(estimator, rows)) for _ in range(N_CALLS)]

    with ThreadPoolExecutor(N_THREADS) as pool:
        found = [
            answer
            for answers in pool.map(calls, range(N_THREADS))
            for answer in answers
        ]
    name = brief.methods[0]
    assert {answer[name] for answer in found} == {expected[name]}
    assert len(found) == N_THREADS * N_CALLS
    assert bits(case.answers(estimator, rows)) == expected
    assert joblib.hash(vars(estimator)) == before


GLOBALS = {
    "torch": lambda: torch.get_rng_state().numpy().tobytes(),
    "numpy": lambda: pickle.dumps(np.random.get_state()),  # noqa: NPY002
    "python": random.getstate,
    "threads": lambda: (torch.get_num_threads(), torch.get_num_interop_threads()),
    "environ": lambda: dict(os.environ),
    "dtype": torch.get_default_dtype,
    "gradients": torch.is_grad_enabled,
    "algorithms": torch.are_deterministic_algorithms_enabled,
    "warnings": lambda: list(warnings.filters),
    "errors": np.geterr,
}


def test_nothing_global_is_changed(case, X):
    before = {name: look() for name, look in GLOBALS.items()}
    estimator = case.fit(case.make(), X[:60])
    case.answers(estimator, X)
    case.answers(pickle.loads(pickle.dumps(estimator)), X)
    if hasattr(estimator, "inverse_transform"):
        estimator.inverse_transform(estimator.transform(X))
    if hasattr(estimator, "module_"):
        estimator.score(*(X, case.make_targets(X)) if case.make_targets else (X,))
    after = {name: look() for name, look in GLOBALS.items()}
    assert after == before


@pytest.fixture
def double():
    """Let torch make float64 where nothing else is asked for."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_torchs_default_dtype_changes_nothing(case, X, double):
    def results():
        estimator = case.fit(case.make(), X[:60])
        if hasattr(estimator, "partial_fit"):
            estimator.partial_fit(X[60:])
        return case.answers(pickle.loads(pickle.dumps(estimator)), X)

    doubled = results()
    torch.set_default_dtype(torch.float32)
    for name, wanted in results().items():
        np.testing.assert_array_equal(doubled[name], wanted, strict=True)


def without_seed(case):
    """Return an estimator without a seed, as is what it holds."""
    estimator = case.make()
    seeds = [name for name in estimator.get_params() if name.endswith("random_state")]
    return estimator.set_params(**dict.fromkeys(seeds))


def test_unseeded_fits_move_only_numpys_generator(case, X):
    before = {name: GLOBALS[name]() for name in ("torch", "python")}
    case.fit(without_seed(case), X[:60])
    assert {name: GLOBALS[name]() for name in before} == before


def test_clones_fit_to_the_same_bits(case, fitted, X):
    first = fitted(case)
    expected = bits(case.answers(first, X))
    copied = clone(first)
    assert not any(name.endswith("_") for name in vars(copied))
    assert bits(case.answers(case.fit(copied, X[:60]), X)) == expected


def test_refits_start_fresh(case, fitted, X):
    refitted = case.fit(case.make(), X[100:140, :4])
    case.fit(refitted, X[:60])
    assert bits(case.answers(refitted, X)) == bits(case.answers(fitted(case), X))
