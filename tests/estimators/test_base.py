"""Results, bad input and faults, for every autoencoder."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import NotFittedError

from sklearn_ae import (
    AutoencoderTransformer,
    ConvolutionalAutoencoder,
    DenoisingAutoencoder,
)

METHODS = [
    "transform",
    "inverse_transform",
    "reconstruct",
    "reconstruction_error",
    "feature_reconstruction_error",
    "score",
]
ROW_METHODS = sorted(set(METHODS) - {"inverse_transform", "score"})


def test_training_codes_are_ordered_by_variance(fitted, X):
    assert (np.diff(fitted.transform(X).var(axis=0)) < 0).all()


def test_explained_variance_is_variance_of_codes(fitted, X):
    variance = fitted.transform(X).var(axis=0, ddof=1)
    np.testing.assert_allclose(fitted.explained_variance_, variance, rtol=1e-4)


@pytest.mark.parametrize("max_epochs", [0, 4])
def test_whitened_codes_have_deviation_one(quick, X, max_epochs):
    codes = quick(whiten=True, max_epochs=max_epochs).fit_transform(X)
    np.testing.assert_allclose(codes.std(axis=0, ddof=1), 1, rtol=1e-4)


@pytest.mark.parametrize("max_epochs", [0, 4])
def test_whitening_changes_no_reconstruction(quick, X, max_epochs):
    plain, white = (
        quick(whiten=whiten, max_epochs=max_epochs).fit(X).reconstruct(X)
        for whiten in (False, True)
    )
    np.testing.assert_allclose(white, plain, atol=1e-4)


def test_whitening_divides_codes_by_their_deviations(quick, X):
    plain, white = (quick(whiten=whiten).fit(X) for whiten in (False, True))
    deviations = np.sqrt(plain.explained_variance_)
    np.testing.assert_allclose(
        white.transform(X), plain.transform(X) / deviations, atol=1e-4
    )


def test_fit_transform_is_fit_then_transform(quick, X):
    codes = quick().fit_transform(X)
    np.testing.assert_array_equal(codes, quick().fit(X).transform(X))


def test_mean_is_of_training_rows(fitted, X):
    np.testing.assert_allclose(fitted.mean_, X.mean(axis=0))


@pytest.mark.parametrize(
    ("dtype", "rtol"), [(np.float32, 1e-5), (np.float64, 1e-7)], ids=["32", "64"]
)
@pytest.mark.parametrize("method", ROW_METHODS)
def test_rows_do_not_depend_on_neighbours(fitted, X, method, dtype, rtol):
    rows, call = X.astype(dtype), getattr(fitted, method)
    whole = call(rows)
    order = np.random.default_rng(0).permutation(len(rows))
    close = {"rtol": rtol, "atol": rtol * np.abs(whole).max()}
    np.testing.assert_allclose(call(rows[order]), whole[order], **close)
    np.testing.assert_allclose(call(rows[5:12]), whole[5:12], **close)
    alone = np.concatenate([call(row[None]) for row in rows[:40]])
    np.testing.assert_allclose(alone, whole[:40], **close)


def test_module_reconstructs_scaled_rows(fitted, X):
    rows = torch.from_numpy((X - fitted.mean_) / fitted.scale_).float()
    with torch.no_grad():
        reconstruction = fitted.module_(rows).numpy() * fitted.scale_ + fitted.mean_
    np.testing.assert_allclose(reconstruction, fitted.reconstruct(X), atol=1e-4)


def test_training_module_changes_no_estimator(fitted, X):
    before = fitted.transform(X)
    with torch.no_grad():
        for parameter in fitted.module_.parameters():
            parameter.zero_()
    np.testing.assert_array_equal(fitted.transform(X), before)


# Bad input


def with_cell(X, value):
    rows = X.copy()
    rows[2, 4] = value
    return rows


BAD_ROWS = {
    "one-dimensional": (lambda X: X[:, 0], "Expected 2D array, got 1D array"),
    "three-dimensional": (lambda X: X[None], "Found array with dim 3"),
    "scalar": (lambda X: 3.0, "Expected 2D array, got scalar array"),
    "complex": (lambda X: X + 1j, "Complex data not supported"),
    "strings": (lambda X: np.full(X.shape, "red"), "arrays of bytes/strings"),
    "infinity": (
        lambda X: with_cell(X, -np.inf),
        r"contains infinity(.|\n)*column 'x4'",
    ),
    "sparse infinity": (
        lambda X: sparse.csr_array(with_cell(X, np.inf)),
        r"contains infinity(.|\n)*column 'x4'",
    ),
    "no rows": (lambda X: X[:0], r"Found array with 0 sample\(s\)"),
    "no columns": (lambda X: X[:, :0], r"0 feature"),
}


@pytest.fixture(params=BAD_ROWS)
def bad_rows(request, X):
    spoil, message = BAD_ROWS[request.param]
    return spoil(X), message


def test_fit_refuses_bad_rows(quick, bad_rows):
    rows, message = bad_rows
    with pytest.raises(ValueError, match=message):
        quick().fit(rows)


def test_fit_refuses_bad_validation_rows(quick, X, bad_rows):
    rows, message = bad_rows
    with pytest.raises(ValueError, match=message):
        quick().fit(X, X_val=rows)


def test_transform_refuses_bad_rows(fitted, bad_rows):
    rows, message = bad_rows
    with pytest.raises(ValueError, match=message):
        fitted.transform(rows)


def test_one_row_is_too_few(quick, X):
    with pytest.raises(ValueError, match=r"1 sample\(s\).*minimum of 2"):
        quick(1).fit(X[:1])


def test_one_row_can_be_transformed(fitted, X):
    assert fitted.transform(X[:1]).shape == (1, 2)


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"inverse_transform"}))
def test_another_number_of_columns_is_refused(fitted, X, method):
    with pytest.raises(ValueError, match=r"X has 5 features, but .* expecting 6"):
        getattr(fitted, method)(X[:, :5])


@pytest.mark.parametrize("columns", ["fabcde", "abcdeg"])
def test_renamed_or_reordered_columns_are_refused(quick, X, columns):
    estimator = quick().fit(pd.DataFrame(X, columns=list("abcdef")))
    with pytest.raises(ValueError, match="feature names should match"):
        estimator.transform(pd.DataFrame(X, columns=list(columns)))


def test_codes_of_another_width_are_refused(fitted, X):
    with pytest.raises(ValueError, match=r"n_components_=2 .*got 3"):
        fitted.inverse_transform(X[:, :3])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_non_finite_codes_are_refused(fitted, value):
    with pytest.raises(ValueError, match="contains"):
        fitted.inverse_transform(np.full((2, 2), value))


@pytest.mark.parametrize("method", METHODS)
def test_an_unfitted_estimator_says_so(quick, X, method):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(quick(), method)(X[:, :2])


def test_an_unfitted_estimator_has_no_module(quick):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        _ = quick().module_


def test_validation_rows_need_early_stopping(quick, X):
    with pytest.raises(ValueError, match=r"X_val.*early_stopping=True"):
        quick(early_stopping=False).fit(X, X_val=X)


@pytest.mark.parametrize("load", [load_iris, load_digits])
@pytest.mark.parametrize("early_stopping", [True, False])
def test_errors_name_a_diverging_learning_rate(estimator_class, load, early_stopping):
    rows, _ = load(return_X_y=True)
    estimator = estimator_class(
        2,
        learning_rate=1e6,
        max_epochs=10,
        random_state=0,
        early_stopping=early_stopping,
    )
    with pytest.raises(ValueError, match="learning_rate"):
        estimator.fit(rows[:500])


def test_refits_forget_column_names(quick, X):
    estimator = quick().fit(pd.DataFrame(X, columns=list("abcdef")))
    assert not hasattr(estimator.fit(X), "feature_names_in_")


def test_a_clone_holds_no_weights(fitted):
    copied = clone(fitted)
    assert vars(copied).keys() == copied.get_params().keys()


def test_fit_changes_no_parameter(quick, X):
    estimator = quick(
        hidden_layer_sizes=[8, 4],
        random_state=np.random.RandomState(0),
        callbacks=[],
    )
    before = estimator.get_params()
    estimator.fit(X)
    assert all(estimator.get_params()[name] is before[name] for name in before)


def test_set_params_changes_no_fit(fitted, X):
    before = fitted.transform(X)
    fitted.set_params(n_components=3, hidden_layer_sizes=(5,), activation="tanh")
    np.testing.assert_array_equal(fitted.transform(X), before)


def test_y_changes_nothing(quick, X):
    np.testing.assert_array_equal(
        quick().fit(X, np.arange(300)).transform(X), quick().fit(X).transform(X)
    )


# Whose codes are turned to principal axes.
PRINCIPAL = [AutoencoderTransformer, ConvolutionalAutoencoder, DenoisingAutoencoder]


@pytest.mark.parametrize("estimator_class", PRINCIPAL)
def test_training_codes_are_centred(fitted, X):
    codes = fitted.transform(X)
    np.testing.assert_allclose(codes.mean(axis=0) / codes.std(), 0, atol=1e-5)


@pytest.mark.parametrize("estimator_class", PRINCIPAL)
def test_training_codes_are_uncorrelated(fitted, X):
    correlation = np.corrcoef(fitted.transform(X), rowvar=False)
    np.testing.assert_allclose(correlation, np.eye(2), atol=1e-4)
