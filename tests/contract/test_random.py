import pickle
import random

import numpy as np
import pytest
import torch
from joblib import Parallel, delayed
from sklearn.base import clone


def codes_and_curve(estimator, X):
    estimator.fit(X)
    return estimator.transform(X).tobytes(), estimator.loss_curve_


@pytest.fixture
def expected(quick, X):
    return codes_and_curve(quick(), X)


def test_a_refit_gives_the_same_bits(quick, X, expected):
    estimator = quick().fit(X)
    assert codes_and_curve(estimator, X) == expected


def test_a_clone_gives_the_same_bits(quick, X, expected):
    assert codes_and_curve(clone(quick().fit(X)), X) == expected


@pytest.fixture
def in_threads():
    """Call a function with as many threads of torch as are given."""
    before = torch.get_num_threads()

    def call(n_threads, function, *arguments):
        torch.set_num_threads(n_threads)
        return function(*arguments)

    yield call
    torch.set_num_threads(before)


@pytest.mark.extended
@pytest.mark.parametrize(
    ("backend", "n_jobs"), [("threading", 1), ("threading", 2), ("loky", 2)]
)
def test_jobs_give_the_same_bits(quick, X, in_threads, backend, n_jobs):
    run = Parallel(n_jobs=n_jobs, backend=backend)
    # Matrix products may differ in their last bits between numbers of threads, and
    # processes of loky share the cores.
    (n_threads,) = set(run(delayed(torch.get_num_threads)() for _ in range(n_jobs)))
    expected = in_threads(n_threads, codes_and_curve, quick(), X)
    jobs = [delayed(codes_and_curve)(quick(), X) for _ in range(2)]
    assert run(jobs) == [expected] * 2


def test_verbose_changes_no_bit(quick, X, expected):
    assert codes_and_curve(quick(verbose=1), X) == expected


def test_another_seed_gives_other_codes(quick, X, expected):
    assert codes_and_curve(quick(random_state=1), X) != expected


def test_random_starts_differ_by_seed(quick, X):
    first, second = (
        quick(init="random", max_epochs=0, random_state=seed).fit_transform(X)
        for seed in (0, 1)
    )
    assert not np.allclose(np.abs(first), np.abs(second))


def test_equal_instances_give_the_same_bits(quick, X):
    first, second = (
        codes_and_curve(quick(random_state=np.random.RandomState(5)), X)
        for _ in range(2)
    )
    assert first == second


def test_refits_with_an_instance_differ(quick, X):
    estimator = quick(random_state=np.random.RandomState(5))
    assert codes_and_curve(estimator, X) != codes_and_curve(estimator, X)


GLOBALS = {
    "torch": lambda: torch.get_rng_state().numpy().tobytes(),
    "numpy": lambda: pickle.dumps(np.random.get_state()),  # noqa: NPY002
    "python": random.getstate,
}


def test_unseeded_fits_draw_one_number(quick, X):
    np.random.seed(0)  # noqa: NPY002
    np.random.randint(2**31)  # noqa: NPY002
    expected = GLOBALS["numpy"]()
    np.random.seed(0)  # noqa: NPY002
    quick(random_state=None).fit(X)
    assert GLOBALS["numpy"]() == expected


@pytest.mark.parametrize("name", ["torch", "numpy", "python"])
def test_constructing_draws_nothing(estimator_class, name):
    before = GLOBALS[name]()
    estimator_class()
    assert GLOBALS[name]() == before
