"""Ctrl-C, and callbacks that stop training."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback, EarlyStopping
from skorch.utils import noop


class Interrupt(Callback):
    """Press Ctrl-C at a hook of one epoch."""

    def __init__(self, press, hook, epoch):
        self.press, self.hook, self.epoch = press, hook, epoch
        setattr(self, hook, self.interrupt)

    def interrupt(self, net, training=True, **kwargs):
        if training and len(net.history) == self.epoch:
            self.press()


HOOKS = ["on_epoch_begin", "on_batch_begin", "on_grad_computed", "on_batch_end"]


@pytest.mark.parametrize("hook", [*HOOKS, "on_epoch_end"])
def test_ctrl_c_is_raised_again(quick, X, press_ctrl_c, hook):
    estimator = quick(callbacks=[Interrupt(press_ctrl_c, hook, 3)])
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(X)


@pytest.mark.parametrize("hook", HOOKS)
def test_ctrl_c_commits_the_best_epoch(quick, X, press_ctrl_c, hook):
    estimator = quick(callbacks=[Interrupt(press_ctrl_c, hook, 4)])
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(X)
    whole = quick(callbacks=[Callback()]).fit(X)
    assert estimator.n_epochs_ == 3
    assert estimator.validation_loss_curve_ == whole.validation_loss_curve_[:4]
    assert estimator.best_epoch_ == np.argmin(estimator.validation_loss_curve_) > 0


def test_an_interrupted_fit_can_be_used(quick, X, press_ctrl_c):
    estimator = quick(callbacks=[Interrupt(press_ctrl_c, "on_batch_end", 4)])
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(X)
    codes = estimator.transform(X)
    assert np.isfinite(estimator.reconstruct(X)).all()
    np.testing.assert_allclose(
        codes.var(axis=0, ddof=1), estimator.explained_variance_, rtol=1e-4
    )


@pytest.mark.parametrize("hook", ["on_train_begin", "on_epoch_begin", "on_batch_end"])
def test_early_ctrl_c_commits_pca(quick, X, press_ctrl_c, hook):
    epoch = 0 if hook == "on_train_begin" else 1
    estimator = quick(callbacks=[Interrupt(press_ctrl_c, hook, epoch)])
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(X)
    assert estimator.best_epoch_ == estimator.n_epochs_ == 0
    np.testing.assert_allclose(
        estimator.reconstruct(X), quick(max_epochs=0).fit(X).reconstruct(X)
    )


def test_ctrl_c_at_last_commits_training(quick, X, press_ctrl_c):
    estimator = quick(callbacks=[Interrupt(press_ctrl_c, "on_train_end", 4)])
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(X)
    whole = quick(callbacks=[Callback()]).fit(X)
    assert estimator.validation_loss_curve_ == whole.validation_loss_curve_


class Slow:
    """Rows during whose conversion Ctrl-C is pressed."""

    def __init__(self, rows, press):
        self.rows, self.press, self.shape = rows, press, rows.shape

    def __array__(self, dtype=None, copy=None):
        self.press()
        return self.rows


@pytest.fixture(params=["X", "X_val"])
def slow_rows(request, X, press_ctrl_c):
    rows = {"X": X[:, :4], "X_val": X[:, :4]}
    return rows | {request.param: Slow(rows[request.param], press_ctrl_c)}


def test_early_ctrl_c_fits_nothing(quick, slow_rows):
    estimator = quick()
    before = dict(vars(estimator))
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(**slow_rows)
    assert vars(estimator) == before
    with pytest.raises(NotFittedError):
        estimator.transform(np.ones((1, 4)))


def test_early_ctrl_c_keeps_former_fits(quick, slow_rows, X):
    estimator = quick().fit(X)
    before = dict(vars(estimator))
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(**slow_rows)
    assert vars(estimator).keys() == before.keys()
    assert all(vars(estimator)[name] is before[name] for name in before)


def test_skorchs_early_stopping_ends_training_normally(noiseless, X):
    stop = EarlyStopping(patience=2, threshold=0.99, sink=noop)
    estimator = noiseless(max_epochs=30, callbacks=[stop]).fit(X)
    assert 0 < estimator.n_epochs_ < 30
    assert estimator.best_epoch_ > 0


def test_skorchs_early_stopping_takes_training_losses(quick, X):
    stop = EarlyStopping("train_loss", patience=2, threshold=0.99, sink=noop)
    estimator = quick(max_epochs=30, early_stopping=False, callbacks=[stop]).fit(X)
    assert 0 < estimator.best_epoch_ == estimator.n_epochs_ < 30


def test_errors_of_callbacks_are_not_wrapped(quick, X):
    class Fails(Callback):
        def on_batch_end(self, net, **kwargs):
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        quick(callbacks=[Fails()]).fit(X)
