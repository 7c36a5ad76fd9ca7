"""Failed or interrupted fits leave no trace, in every public estimator."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.utils.validation import check_is_fitted
from skorch.callbacks import Callback


class Fails(Callback):
    """Fail in the second epoch."""

    def on_batch_end(self, net, training=True, **kwargs):
        if training and len(net.history) == 2:
            raise LookupError("in training")


class Presses(Callback):
    """Press Ctrl-C in the third epoch."""

    def __init__(self, press):
        self.press = press

    def on_batch_end(self, net, training=True, **kwargs):
        if training and len(net.history) == 3:
            self.press()


# What each calls last, when nothing but publishing is left.
LAST = {
    "ReconstructionOutlierDetector": "_outliers.detector._check_distinct",
    "PretrainedClassifier": "_pretraining.fine_tune.FittedPredictor",
    "PretrainedRegressor": "_pretraining.fine_tune.FittedPredictor",
    "CodeCompressor": "_compression.compressor.hash_values",
}


@pytest.fixture(params=["validation", "training", "the end"])
def broken(request, case, monkeypatch):
    """Change an estimator and rows so that fit fails, early, midway or late."""

    def breaking(estimator, X):
        if request.param == "validation":
            X = np.where(np.arange(X.shape[1]) == 1, np.inf, X)
        elif request.param == "training":
            estimator.set_params(**{f"{case.prefix}callbacks": [Fails()]})
        else:
            last = LAST.get(
                case.estimator_class.__name__, "_fitting.fit.rotated_arrays"
            )
            monkeypatch.setattr(f"sklearn_ae.{last}", fails_at_the_end)
        return X

    return breaking


def fails_at_the_end(*arguments, **named):
    raise LookupError("at the end")


def test_failed_first_fits_leave_nothing(case, broken, X):
    estimator = case.make()
    rows = broken(estimator, X[:60])
    before = dict(vars(estimator))
    with pytest.raises((LookupError, ValueError), match=r"infinity|training|the end"):
        case.fit(estimator, rows)
    assert vars(estimator) == before
    assert not hasattr(estimator, "n_features_in_")
    with pytest.raises(NotFittedError):
        check_is_fitted(estimator)


def test_failed_refits_keep_the_fit(case, broken, X):
    estimator = case.fit(case.make(), X[:60])
    answers = case.answers(estimator, X)
    rows = broken(estimator, X[:60, :5])
    before = dict(vars(estimator))
    with pytest.raises((LookupError, ValueError), match=r"infinity|training|the end"):
        case.fit(estimator, rows)
    after = vars(estimator)
    assert after.keys() == before.keys()
    assert all(after[name] is before[name] for name in before)
    assert estimator.n_features_in_ == 6
    for name, answer in case.answers(estimator, X).items():
        np.testing.assert_array_equal(answer, answers[name])


def test_infinity_is_told_by_column(case, X):
    frame = pd.DataFrame(X[:60], columns=["a", "price", *"cdef"])
    spoiled = frame.assign(price=np.inf)
    with pytest.raises(ValueError, match=r"(?s)contains infinity.*column 'price'"):
        case.fit(case.make(), spoiled)
    estimator = case.fit(case.make(max_epochs=0), frame)
    with pytest.raises(ValueError, match=r"(?s)contains infinity.*column 'price'"):
        case.answers(estimator, spoiled)


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_searches_go_on_after_failures(case, X):
    headed = "head_layer_sizes" in case.parameters
    name = case.prefix + ("head_learning_rate" if headed else "learning_rate")
    search = GridSearchCV(
        case.make(),
        {name: [1e20, 0.01]},
        scoring=lambda estimator, *rows: 1.0,
        cv=2,
        refit=False,
    )
    with pytest.warns(FitFailedWarning, match="learning_rate"):
        case.fit(search, X[:60])
    assert np.isfinite(search.cv_results_["mean_test_score"]).tolist() == [False, True]


# Ctrl-C


def test_ctrl_c_keeps_the_best_epoch(case, X, press_ctrl_c):
    estimator = case.make(max_epochs=200, callbacks=[Presses(press_ctrl_c)])
    before = dict(vars(estimator))
    with pytest.raises(KeyboardInterrupt):
        case.fit(estimator, X[:60])
    if case.prefix:
        assert vars(estimator) == before
        return
    assert estimator.best_epoch_ <= estimator.n_epochs_ == 2
    for answer in case.answers(estimator, X).values():
        assert np.isfinite(answer).all()
