"""Training and numbers, for every autoencoder."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Callback

from sklearn_ae._training import rows as row_sources


def assert_close(actual, desired, rtol):
    atol = rtol * np.abs(desired).max()
    np.testing.assert_allclose(actual, desired, rtol=rtol, atol=atol)


def test_curves_hold_start_and_epochs(fitted):
    assert len(fitted.loss_curve_) == fitted.n_epochs_ + 1
    assert len(fitted.validation_loss_curve_) == fitted.n_epochs_ + 1


def test_curves_begin_with_pca(fitted):
    assert fitted.validation_loss_curve_[0] == fitted.pca_validation_loss_


def test_best_validation_loss_is_the_lowest(fitted):
    assert fitted.best_validation_loss_ == min(fitted.validation_loss_curve_)
    best = fitted.validation_loss_curve_[fitted.best_epoch_]
    assert fitted.best_validation_loss_ == best


@pytest.mark.parametrize("learning_rate", [0.02, 0.5])
def test_kept_weights_have_the_best_loss(noiseless, X, learning_rate):
    estimator = noiseless(max_epochs=6, learning_rate=learning_rate)
    estimator.fit(X[:200], X_val=X[200:])
    loss = np.mean(estimator.reconstruction_error(X[200:])) / estimator.scale_[0] ** 2
    assert estimator.best_validation_loss_ == pytest.approx(loss, rel=0.01)


def test_pca_is_kept_if_training_harms(quick, X):
    estimator = quick(learning_rate=1.0, batch_size=200).fit(X)
    assert min(estimator.validation_loss_curve_[1:]) > estimator.pca_validation_loss_
    assert estimator.best_epoch_ == 0


def test_loss_is_the_unexplained_share(noiseless, X):
    estimator = noiseless(early_stopping=False).fit(X)
    left = 1 - PCA(2).fit(X).explained_variance_ratio_.sum()
    assert estimator.loss_curve_[0] == pytest.approx(left, rel=1e-4)


def test_without_early_stopping_the_last_wins(quick, X):
    estimator = quick(early_stopping=False).fit(X)
    assert estimator.best_epoch_ == estimator.n_epochs_ == 4
    assert estimator.validation_loss_curve_ is None
    assert estimator.best_validation_loss_ is None
    assert estimator.pca_validation_loss_ is None


def test_validation_rows_are_shuffled(noiseless, X):
    ordered = X[np.argsort(np.square(X - X.mean(axis=0)).sum(axis=1))]
    estimator = noiseless(max_epochs=0, validation_fraction=0.2).fit(ordered)
    errors = estimator.reconstruction_error(ordered) / estimator.scale_[0] ** 2
    for block in (errors[:60], errors[-60:]):
        assert estimator.pca_validation_loss_ != pytest.approx(block.mean(), rel=1e-3)
    assert estimator.pca_validation_loss_ == pytest.approx(errors.mean(), rel=0.3)


def test_validation_rows_depend_on_the_seed(quick, X):
    losses = {
        quick(max_epochs=0, random_state=seed).fit(X).pca_validation_loss_
        for seed in range(4)
    }
    assert len(losses) == 4


def test_given_validation_rows_replace_the_split(noiseless, X):
    estimator = noiseless(max_epochs=0).fit(X[:200], X_val=X[200:])
    errors = estimator.reconstruction_error(X[200:]) / estimator.scale_[0] ** 2
    assert estimator.pca_validation_loss_ == pytest.approx(errors.mean(), rel=1e-4)


def test_all_rows_take_part_in_pca(quick, X):
    estimator = quick(max_epochs=0, validation_fraction=0.5).fit(X)
    np.testing.assert_allclose(
        estimator.explained_variance_, PCA(2).fit(X).explained_variance_
    )


@pytest.mark.parametrize("n_iter_no_change", [1, 2])
def test_patience_ends_training(quick, X, n_iter_no_change):
    estimator = quick(
        learning_rate=2.0,
        batch_size=200,
        max_epochs=40,
        n_iter_no_change=n_iter_no_change,
    ).fit(X)
    assert estimator.n_epochs_ < 40


def test_large_tables_take_equal_steps(quick):
    class Count(Callback):
        def on_train_begin(self, net, X, **kwargs):
            raise RuntimeError(f"{net.max_epochs * len(X)} steps")

    def steps(n_rows):
        rows = np.arange(2.0 * n_rows, dtype=np.float32).reshape(-1, 2) % 7
        estimator = quick(
            1, max_epochs="auto", batch_size=128, callbacks=[Count()]
        ).set_params(hidden_layer_sizes=2)
        with pytest.raises(RuntimeError, match="steps") as stop:
            estimator.fit(rows)
        return int(str(stop.value).split()[0])

    assert steps(200_000) == pytest.approx(steps(50_000), rel=0.3)


@pytest.mark.parametrize("epoch_rows", [96, 270, 1000])
def test_large_tables_train_all_epochs(quick, X, epoch_rows, monkeypatch):
    monkeypatch.setattr(row_sources, "EPOCH_ROWS", epoch_rows)
    assert quick(max_epochs=7).fit(X).n_epochs_ == 7


def test_random_starts_are_compared_with_pca(quick, X):
    estimator = quick(init="random", max_epochs=1).fit(X[:200], X_val=X[200:])
    pca = quick(max_epochs=0).fit(X[:200], X_val=X[200:])
    expected = pytest.approx(pca.pca_validation_loss_, rel=1e-4)
    assert estimator.pca_validation_loss_ == expected
    assert estimator.validation_loss_curve_[0] != expected


def test_random_starts_may_be_overcomplete(quick, X):
    assert quick(9, init="random").fit_transform(X).shape == (300, 9)


@pytest.mark.parametrize("sizes", [4, np.int64(4), [4], (4, 3), np.array([4, 3])])
def test_hidden_layer_sizes_may_be_arrays(quick, X, sizes):
    assert quick(hidden_layer_sizes=sizes).fit_transform(X).shape == (300, 2)


@pytest.mark.parametrize("activation", ["elu", "gelu", "logistic", "silu", "tanh"])
def test_every_activation_trains(quick, X, activation):
    estimator = quick(activation=activation, early_stopping=False, max_epochs=12)
    estimator.fit(X)
    assert estimator.loss_curve_[-1] < estimator.loss_curve_[0]


@pytest.mark.parametrize("device", ["cpu", torch.device("cpu")])
def test_device_may_be_named(quick, X, device):
    np.testing.assert_array_equal(
        quick(device=device).fit_transform(X), quick(device="cpu").fit_transform(X)
    )


def test_standardize_equals_standardized_columns(quick, X):
    inside = quick(standardize=True).fit_transform(X)
    outside = quick().fit_transform(StandardScaler().fit_transform(X))
    np.testing.assert_allclose(inside, outside, atol=1e-3)


def test_auto_does_not_standardize_numbers(quick, X):
    np.testing.assert_array_equal(
        quick(standardize="auto").fit_transform(X),
        quick(standardize=False).fit_transform(X),
    )


def test_verbose_shows_losses_beside_pcas(quick, X, capsys):
    quick(verbose=1).fit(X[:200], X_val=X[200:])
    shown = capsys.readouterr().err
    assert all(word in shown for word in ("train=", "validation=", "PCA="))


def test_nothing_is_shown_without_verbose(quick, X, capfd):
    quick().fit(X)
    assert capfd.readouterr() == ("", "")


def test_callbacks_are_called_uncopied(quick, X):
    class Count(Callback):
        epochs = 0

        def on_epoch_end(self, net, **kwargs):
            Count.epochs += 1

    callbacks = [Count()]
    estimator = quick(callbacks=callbacks).fit(X)
    assert estimator.callbacks is callbacks
    assert callbacks[0].epochs == 4


# Numbers


def test_column_far_from_zero_survives(quick):
    rng = np.random.default_rng(0)
    near = rng.normal(size=(200, 3))
    far = near + np.array([1e9, 0, 0])
    estimator = quick(max_epochs=0).fit(far)
    expected = PCA(2).fit_transform(near)
    np.testing.assert_allclose(estimator.transform(far), expected, atol=1e-5)


def test_standardize_makes_scales_of_columns_irrelevant(quick, X):
    table = X[:, :3]
    scales = np.array([1e-12, 1, 1e12])
    plain = quick(standardize=True).fit(table).transform(table)
    scaled = quick(standardize=True).fit(table * scales).transform(table * scales)
    np.testing.assert_allclose(scaled, plain, atol=1e-4)


@pytest.mark.parametrize("factor", [1e-200, 1e-30, 1e30, 1e100])
def test_units_of_a_table_are_irrelevant(quick, X, factor):
    scaled = quick().fit(X * factor).transform(X * factor)
    assert_close(scaled / factor, quick().fit(X).transform(X), 1e-3)


def test_overflow_of_float32_names_the_column(quick, X):
    table = pd.DataFrame(X, columns=list("abcdef"))
    estimator = quick().fit(table)
    with pytest.raises(ValueError, match=r"float32.*column 'c'"):
        estimator.transform(table.assign(c=1e300))


@pytest.mark.parametrize("max_epochs", [0, 2])
@pytest.mark.parametrize("standardize", [False, True])
def test_constant_columns_come_back_exactly(quick, X, max_epochs, standardize):
    table = X.copy()
    table[:, 3] = 0.1
    estimator = quick(max_epochs=max_epochs, standardize=standardize).fit(table)
    np.testing.assert_allclose(estimator.reconstruct(table)[:, 3], 0.1, atol=0.2)
    assert np.isfinite(estimator.transform(table)).all()


@pytest.mark.filterwarnings("ignore:Every column of X is constant")
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("whiten", [False, True])
@pytest.mark.parametrize("standardize", [False, True])
def test_constant_table_is_fitted(quick, container, whiten, standardize):
    X = container(np.full((20, 4), 7.0))
    estimator = quick(whiten=whiten, standardize=standardize).fit(X)
    np.testing.assert_array_equal(estimator.reconstruct(X), np.full((20, 4), 7.0))
    assert np.isfinite(estimator.transform(X)).all()
    assert estimator.score(X) == 1


def test_duplicated_columns_are_fitted(quick, X):
    table = np.hstack([X, X, X])
    codes = quick().fit_transform(table)
    assert np.isfinite(codes).all()


@pytest.mark.parametrize("n_rows", [2, 3, 31, 32, 33, 65])
def test_few_rows_are_fitted(quick, X, n_rows):
    codes = quick(1).fit_transform(X[:n_rows])
    assert codes.shape == (n_rows, 1)
    assert np.isfinite(codes).all()


def test_batches_may_exceed_the_rows(noiseless, X):
    estimator = noiseless(batch_size=10_000, early_stopping=False).fit(X)
    assert estimator.loss_curve_[-1] < estimator.loss_curve_[0]


def test_one_column_is_fitted(quick, X):
    estimator = quick(1).fit(X[:, :1])
    np.testing.assert_allclose(estimator.reconstruct(X[:, :1]), X[:, :1], atol=1e-10)


def test_too_few_rows_name_the_limit(quick, X):
    with pytest.raises(ValueError, match=r"=4 .*got n_components=5"):
        quick(5).fit(X[:4])


@pytest.mark.parametrize(
    ("parameter", "plain", "numpy_value"),
    [
        ("standardize", True, np.True_),
        ("max_epochs", 3, np.int64(3)),
        ("batch_size", 16, np.int32(16)),
        ("hidden_layer_sizes", (8,), np.array([8])),
        ("n_components", 3, np.int64(3)),
    ],
)
def test_numpy_values_of_parameters_are_taken(quick, X, parameter, plain, numpy_value):
    codes = quick().set_params(**{parameter: plain}).fit_transform(X)
    same = quick().set_params(**{parameter: numpy_value}).fit_transform(X)
    np.testing.assert_array_equal(same, codes)


@pytest.mark.parametrize("offset", [1e4, 1e7, 1e9])
def test_distant_sparse_rows_keep_pca(quick, X, offset):
    rows = X + offset
    estimator = quick(max_epochs=0).fit(sparse.csr_array(rows))
    assert estimator.score(rows) == pytest.approx(quick(max_epochs=0).fit(X).score(X))


@pytest.mark.parametrize("factor", [1e-300, 1e100])
def test_units_of_sparse_tables_are_irrelevant(quick, X, factor):
    estimator = quick(max_epochs=0).fit(sparse.csr_array(X * factor))
    expected = quick(max_epochs=0).fit(X).score(X)
    assert estimator.score(X * factor) == pytest.approx(expected)


def test_variance_beyond_float64_raises(quick, X):
    with pytest.raises(ValueError, match=r"variance of X .* standardize=True"):
        quick().fit(X * 1e160)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_codes_beyond_float32_raise(quick, X):
    rows = (3e38 * np.sign(X)).astype(np.float32)
    with pytest.raises(ValueError, match="pass X as float64"):
        quick(max_epochs=0).fit(rows).transform(rows)


@pytest.mark.filterwarnings("ignore:Every column of X is constant")
@pytest.mark.parametrize("shape", [(600, 100), (100, 600)])
def test_large_constant_table_is_fitted(quick, shape):
    table = np.full(shape, 0.1)
    np.testing.assert_array_equal(quick().fit(table).reconstruct(table), table)


@pytest.mark.filterwarnings("ignore:Every column of X is constant")
def test_wide_empty_sparse_table_is_fitted(quick):
    table = sparse.csr_array((5, 2100))
    assert (quick().fit_transform(table) == 0).all()


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_the_callers_torch_mode_is_irrelevant(quick, X, mode):
    codes = quick().fit_transform(X)
    with mode():
        np.testing.assert_array_equal(quick().fit_transform(X), codes)


def test_the_default_dtype_is_irrelevant(quick, X):
    codes = quick().fit_transform(X)
    torch.set_default_dtype(torch.float64)
    try:
        np.testing.assert_array_equal(quick().fit_transform(X), codes)
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("device", ["gpu", "", "meta"])
def test_unknown_device_is_named(quick, X, device):
    with pytest.raises(ValueError, match="device must be"):
        quick(device=device).fit(X)


@pytest.mark.parametrize("callback", [3, None, int, ("name", 3)])
def test_what_is_no_callback_is_named(quick, X, callback):
    with pytest.raises(ValueError, match="callbacks must hold skorch callbacks"):
        quick(callbacks=[callback]).fit(X)


def test_huge_validation_rows_are_named(quick, X):
    with pytest.raises(ValueError, match="validation rows"):
        quick().fit(X, X_val=X * 1e30)


def test_repeated_sparse_entries_are_summed(quick):
    cells = np.array([1.0, 2.0, 4.0, 3.0]), np.array([0, 0, 1, 1])
    repeated = sparse.csr_array((*cells, np.array([0, 2, 3, 4])), shape=(3, 2))
    estimator = quick(1, max_epochs=0, standardize=True)
    scale = estimator.fit(repeated).scale_
    np.testing.assert_allclose(scale, estimator.fit(repeated.toarray()).scale_)


def test_more_components_than_columns_are_refused(quick, X):
    with pytest.raises(ValueError, match=r"n_components must be at most .*=6"):
        quick(7).fit(X)
