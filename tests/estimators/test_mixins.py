"""Mixins of all estimators, and fits that change nothing if they fail."""

import inspect
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_html_repr, get_tags
from sklearn.utils.validation import check_is_fitted
from skorch.callbacks import Callback

import sklearn_ae
from sklearn_ae import AutoencoderTransformer
from sklearn_ae._estimators.mixins import (
    SITE,
    fit_transaction,
    fitted_attributes,
    restore_on_error,
)

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


# Links


ESTIMATORS = [
    name
    for name in sklearn_ae.__all__
    if inspect.isclass(getattr(sklearn_ae, name))
    and issubclass(getattr(sklearn_ae, name), BaseEstimator)
]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_notebooks_link_to_the_page(name):
    page = f"{SITE}/reference/generated/sklearn_ae.{name}.html"
    assert f'href="{page}"' in estimator_html_repr(getattr(sklearn_ae, name)())


def test_pipeline_steps_link_to_pages():
    shown = estimator_html_repr(make_pipeline(AutoencoderTransformer()))
    assert f"{SITE}/reference/generated/sklearn_ae.AutoencoderTransformer" in shown


def test_the_site_is_the_project_s():
    project = tomllib.loads(PROJECT.read_text())["project"]
    assert project["urls"]["Documentation"] == SITE


# Codes


def test_transformers_of_codes_take_gaps():
    tags = get_tags(AutoencoderTransformer())
    assert tags.input_tags.sparse
    assert tags.input_tags.allow_nan


def test_names_of_codes_bear_the_class(fitted):
    name = type(fitted).__name__.lower()
    assert fitted.get_feature_names_out().tolist() == [f"{name}0", f"{name}1"]


# Fits that fail


@pytest.fixture
def estimator():
    """Anything with parameters, public fitted attributes and private ones."""
    attributes = {"alpha": 1.0, "coef_": 2.0, "_fitted": "before", "_cache": 3.0}
    return SimpleNamespace(**attributes, _schema={"_fitted": None})


def test_fitted_attributes_are_those_of_fits(estimator):
    assert fitted_attributes(estimator) == {"coef_": 2.0, "_fitted": "before"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_errors_restore_fitted_attributes(estimator, error):
    def fail():
        with restore_on_error(estimator):
            estimator.coef_, estimator.new_ = 5.0, 6.0
            del estimator._fitted
            raise error

    before = dict(vars(estimator))
    with pytest.raises(error):
        fail()
    assert vars(estimator) == before


def test_without_errors_new_attributes_stay(estimator):
    with restore_on_error(estimator):
        estimator.coef_ = 5.0
    assert estimator.coef_ == 5.0


def test_ctrl_c_is_raised_after_assignment(estimator):
    def fit():
        with fit_transaction(estimator, None) as outcome:
            estimator.coef_ = 5.0
            outcome.interruption = KeyboardInterrupt()

    with pytest.raises(KeyboardInterrupt):
        fit()
    assert estimator.coef_ == 5.0


def test_tasks_finish_before_errors_restore(estimator):
    def finish():
        assert estimator.coef_ == 5.0
        raise RuntimeError("a callback failed")

    tasks = SimpleNamespace(finish=finish)
    with pytest.raises(RuntimeError), fit_transaction(estimator, tasks):
        estimator.coef_ = 5.0
    assert estimator.coef_ == 2.0


class Fails(Callback):
    def on_epoch_end(self, net, **kwargs):
        raise ValueError("disk full")


FAULTS = {
    "learning rate": ({"learning_rate": 1e6}, lambda X: (X[:, :4], None)),
    "NaN": ({}, lambda X: (np.full_like(X, np.nan), None)),
    "infinite cell": ({}, lambda X: (np.full_like(X, np.inf), None)),
    "one row": ({}, lambda X: (X[:1, :3], None)),
    "columns of X_val": ({}, lambda X: (X[:, :4], X)),
    "infinity in X_val": ({}, lambda X: (X[:, :4], np.full((3, 4), np.inf))),
    "overflow in X_val": ({}, lambda X: (X[:, :4], np.full((3, 4), 1e300))),
    "layers": ({"hidden_layer_sizes": (8, 0)}, lambda X: (X[:, :4], None)),
    "hidden layers": ({"hidden_layer_sizes": (3, -1)}, lambda X: (X[:, :4], None)),
    "parameter": ({"activation": "none"}, lambda X: (X[:, :4], None)),
    "callback": ({"callbacks": [Fails()]}, lambda X: (X[:, :4], None)),
}


@pytest.fixture(params=FAULTS)
def fault(request, X):
    parameters, spoil = FAULTS[request.param]
    rows, rows_val = spoil(X)
    return parameters, rows, rows_val


def test_failed_first_fits_leave_nothing(quick, fault):
    parameters, rows, rows_val = fault
    estimator = quick().set_params(**parameters)
    before = dict(vars(estimator))
    with pytest.raises(ValueError, match=r"."):
        estimator.fit(rows, X_val=rows_val)
    assert vars(estimator) == before
    with pytest.raises(NotFittedError):
        check_is_fitted(estimator)


def test_failed_refits_leave_the_former_fit(estimator_class, quick, fault, X, once):
    parameters, rows, rows_val = fault
    table = pd.DataFrame(X, columns=list("abcdef"))
    estimator = once((estimator_class, "table"), lambda: quick().fit(table))
    codes = estimator.transform(table)
    estimator.set_params(**parameters)
    before = dict(vars(estimator))
    with pytest.raises(ValueError, match=r"."):
        estimator.fit(rows, X_val=rows_val)
    after = vars(estimator)
    assert after.keys() == before.keys()
    assert all(after[name] is before[name] for name in before)
    np.testing.assert_array_equal(estimator.transform(table), codes)
