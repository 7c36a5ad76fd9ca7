"""Fits of small tables, which are cross-fitted."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from sklearn.decomposition import PCA
from skorch.callbacks import Callback

from sklearn_ae._training import cross_fitting
from sklearn_ae._training.random import RandomStreams

N_ROWS = 100
SIZES = [10, 11, 30, 100, 499, 500]


@pytest.fixture
def few(X):
    return X[:N_ROWS]


@pytest.fixture
def left(quick, few):
    """An estimator that left PCA."""
    estimator = quick(max_epochs=8).fit(few)
    assert estimator.best_epoch_ > 0
    return estimator


def parts_of(n_rows):
    order = RandomStreams(0).numpy("split").permutation(n_rows)
    return np.array_split(order, 5)


def cross_validated_pca(rows):
    """Return the squared errors of rows by the axes of the other parts."""
    errors, centred = [], rows - rows.mean(axis=0)
    for part in parts_of(len(rows)):
        axes = PCA(2).fit(np.delete(rows, part, axis=0)).components_
        errors.append(np.square(centred[part] - centred[part] @ axes.T @ axes))
    return np.concatenate(errors)


def test_pca_is_cross_validated(noiseless, few):
    estimator = noiseless(max_epochs=0).fit(few)
    expected = cross_validated_pca(few).mean() / estimator.scale_[0] ** 2
    assert estimator.pca_validation_loss_ == pytest.approx(expected, rel=1e-4)


def test_training_rows_flatter_pca(noiseless, few):
    rows = few.copy()
    rows[7] = 100 * np.arange(6.0)[::-1]
    estimator = noiseless(max_epochs=0).fit(rows)
    seen = estimator.reconstruction_error(rows).mean() / estimator.scale_[0] ** 2
    assert estimator.pca_validation_loss_ > 10 * seen


def test_kept_pca_is_of_all_rows(quick, few):
    estimator = quick(max_epochs=0).fit(few)
    np.testing.assert_allclose(
        estimator.explained_variance_, PCA(2).fit(few).explained_variance_
    )


def test_kept_networks_end_at_their_epoch(left):
    assert left.n_epochs_ == left.best_epoch_
    assert len(left.loss_curve_) == left.best_epoch_ + 1
    assert len(left.validation_loss_curve_) == left.best_epoch_ + 1


def test_validation_curve_begins_with_pca(left):
    assert left.validation_loss_curve_[0] == left.pca_validation_loss_


def test_kept_pca_has_whole_curves(quick, few):
    estimator = quick(max_epochs=3, learning_rate=1.0).fit(few)
    assert estimator.best_epoch_ == 0
    assert len(estimator.validation_loss_curve_) == estimator.n_epochs_ + 1 == 4


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n_rows", [30, 100])
def test_tables_of_noise_stay_pca(quick, n_rows, seed):
    rows = np.random.default_rng(seed).normal(size=(n_rows, 8))
    assert quick(max_epochs=10, random_state=seed).fit(rows).best_epoch_ == 0


def test_same_seed_gives_the_same_bits(quick, left, few):
    again = quick(max_epochs=8).fit(few)
    np.testing.assert_array_equal(again.transform(few), left.transform(few))
    assert again.validation_loss_curve_ == left.validation_loss_curve_


def test_global_generators_do_not_matter(quick, left, few):
    np.random.seed(5)  # noqa: NPY002
    again = quick(max_epochs=8).fit(few)
    np.testing.assert_array_equal(again.transform(few), left.transform(few))


class Idle(Callback):
    pass


@pytest.mark.parametrize("watch", [{"callbacks": [Idle()]}, {"n_iter_no_change": 50}])
def test_watched_trainings_run_all_epochs(quick, few, watch):
    estimator = quick(max_epochs=5, learning_rate=0.5, **watch).fit(few)
    assert estimator.n_epochs_ == 5


def test_callbacks_see_one_training(quick, few):
    class Count(Callback):
        begins = 0

        def on_train_begin(self, net, **kwargs):
            Count.begins += 1

    quick(callbacks=[Count()]).fit(few)
    assert Count.begins == 1


# Tables of all kinds


def gappy_rows(rows):
    rows = rows.copy()
    rows[::4, 1] = np.nan
    return rows


TABLES = {"dense": np.asarray, "gappy": gappy_rows, "sparse": sparse.csr_array}


@pytest.fixture(scope="module")
def many(X):
    """Five hundred rows near the curve of `X`."""
    noise = np.random.default_rng(3).normal(size=(600, 6))
    return np.vstack([X, X]) + 0.01 * noise


@pytest.mark.parametrize("n_rows", SIZES)
@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("n_components", [2, 0.9, None, 5])
def test_tables_of_every_size_are_fitted(quick, many, n_rows, kind, n_components):
    table = TABLES[kind](many[:n_rows])
    estimator = quick(n_components, max_epochs=1).fit(table)
    codes = estimator.transform(table)
    assert np.isfinite(codes).all()
    assert codes.shape == (n_rows, estimator.n_components_)


@pytest.mark.parametrize("n_components", [None, 7, 8, 9, 10])
@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_folds_do_not_limit_components(quick, n_components, kind):
    rows = TABLES[kind](np.random.default_rng(0).normal(size=(10, 20)))
    estimator = quick(n_components, max_epochs=1).fit(rows)
    assert estimator.n_components_ == (n_components or 10)


@pytest.mark.parametrize("n_rows", [10, 11, 30, 100])
def test_small_tables_with_categories_are_fitted(quick, pandas_frame, n_rows):
    table = pandas_frame.iloc[:n_rows]
    assert np.isfinite(quick(max_epochs=2).fit_transform(table)).all()


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_one_outlying_row_is_fitted(quick, container):
    rows = np.zeros((20, 4))
    rows[3] = [1, 2, 3, 5]
    estimator = quick(1).fit(container(rows))
    np.testing.assert_allclose(estimator.reconstruct(rows), rows, atol=1e-6)


def test_categories_of_one_row_are_fitted(quick, pandas_frame):
    table = pandas_frame.iloc[:30].assign(rare=["once"] + 29 * ["often"])
    assert np.isfinite(quick(max_epochs=2).fit_transform(table)).all()


@pytest.mark.parametrize("init", ["pca", "random"])
def test_random_starts_are_compared_with_pca(noiseless, few, init):
    estimator = noiseless(max_epochs=1, init=init).fit(few)
    same = noiseless(max_epochs=0).fit(few).pca_validation_loss_
    assert estimator.pca_validation_loss_ == pytest.approx(same, rel=1e-5)
    assert (estimator.validation_loss_curve_[0] == same) == (init == "pca")


# Faults


@pytest.mark.parametrize("former", [True, False])
def test_divergence_changes_no_attribute(quick, few, former):
    estimator = quick(max_epochs=0)
    if former:
        estimator.fit(few)
    estimator.set_params(max_epochs=8, learning_rate=1e6)
    before = dict(vars(estimator))
    with pytest.raises(ValueError, match="learning_rate"):
        estimator.fit(few)
    assert vars(estimator).keys() == before.keys()
    assert all(vars(estimator)[name] is before[name] for name in before)


def test_the_last_step_is_checked(quick, few):
    estimator = quick(
        max_epochs=1, batch_size=len(few), early_stopping=False, learning_rate=1e9
    )
    with pytest.raises(ValueError, match=r"in epoch 1 with learning_rate=1000000000"):
        estimator.fit(few)


class Press(Callback):
    def __init__(self, press, hook):
        setattr(self, hook, lambda net, **kwargs: len(net.history) == 2 and press())


@pytest.fixture(params=["on_epoch_begin", "on_batch_end", "on_epoch_end"])
def press_in_training(request, press_ctrl_c, monkeypatch):
    """Press Ctrl-C in the second epoch of one of the trainings."""

    def plan(number):
        trainings = []
        fit_network = cross_fitting.fit_network

        def pressed(*arguments, **keywords):
            *others, settings, generator, start = arguments
            trainings.append(settings)
            if len(trainings) == number + 1:
                press = Press(press_ctrl_c, request.param)
                callbacks = [*settings.callbacks, press]
                settings = replace(settings, callbacks=callbacks)
            return fit_network(*others, settings, generator, start, **keywords)

        monkeypatch.setattr(cross_fitting, "fit_network", pressed)

    return plan


@pytest.mark.parametrize("number", [0, 4, 5])
def test_ctrl_c_in_folds_commits_pca(quick, few, press_in_training, number):
    pca = quick(max_epochs=0).fit(few)
    press_in_training(number)
    estimator = quick(max_epochs=8)
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(few)
    assert estimator.best_epoch_ == 0
    assert len(estimator.validation_loss_curve_) == estimator.n_epochs_ + 1
    assert estimator.pca_validation_loss_ == pca.pca_validation_loss_
    np.testing.assert_array_equal(estimator.transform(few), pca.transform(few))
