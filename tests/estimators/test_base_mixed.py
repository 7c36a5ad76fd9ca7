"""Tables of numbers, categories and gaps, for every autoencoder."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.decomposition import PCA

MISSING = "missing"


def encoded_by_hand(frame, fitted_on=None):
    """Encode the mixed table by its definition; missing cells are NaN."""
    frame = pd.DataFrame(frame.to_dict(as_series=False)) if is_polars(frame) else frame
    fitted_on = frame if fitted_on is None else fitted_on
    parts = []
    for name in frame.columns:
        column, known = frame[name], fitted_on[name]
        if name in ("colour", "size"):
            parts.append(block_by_hand(column.astype(object), known.astype(object)))
        else:
            known = known.to_numpy(dtype=float, na_value=np.nan)
            cells = column.to_numpy(dtype=float, na_value=np.nan)
            parts.append(((cells - np.nanmean(known)) / np.nanstd(known))[:, None])
    return np.hstack(parts)


def block_by_hand(column, known):
    column, known = column.fillna(MISSING), known.fillna(MISSING)
    levels = sorted(set(known) - {MISSING}) + [MISSING] * (MISSING in set(known))
    hot, known = (
        np.column_stack([c == level for level in levels]) for c in (column, known)
    )
    p = known.mean(axis=0)
    return (hot - p) / np.sqrt((p * (1 - p)).sum())


def is_polars(frame):
    return isinstance(frame, pl.DataFrame)


def up_to_sign(codes):
    return codes * np.sign(codes[np.abs(codes).argmax(axis=0), range(codes.shape[1])])


@pytest.fixture
def start(quick, mixed):
    return quick(3, max_epochs=0).fit(mixed)


@pytest.fixture
def oracle(mixed):
    """Return encoded rows, PCA's codes of them and its reconstruction, all by hand."""
    encoded = encoded_by_hand(mixed)
    filled = np.nan_to_num(encoded)
    pca = PCA(3).fit(filled)
    codes = pca.transform(filled)
    return encoded, codes, pca.inverse_transform(codes)


# Before any step it is PCA of the encoded matrix


def test_untrained_codes_equal_pca_of_encoding(start, mixed, oracle):
    _, codes, _ = oracle
    found = up_to_sign(start.transform(mixed))
    np.testing.assert_allclose(found, up_to_sign(codes), atol=1e-10)


def test_untrained_score_equals_pca_score(start, mixed, oracle):
    encoded, _, reconstruction = oracle
    error = np.nansum((encoded - reconstruction) ** 2)
    assert start.score(mixed) == pytest.approx(1 - error / np.nansum(encoded**2))


def test_untrained_explained_variance_equals_pca(start, mixed, oracle):
    _, codes, _ = oracle
    np.testing.assert_allclose(start.explained_variance_, codes.var(axis=0, ddof=1))


def test_untrained_errors_equal_pca_by_column(start, mixed, oracle):
    encoded, _, reconstruction = oracle
    squares = (encoded - reconstruction) ** 2
    blocks = [[0], [1], range(2, 7), [7], range(8, 11), [11]]
    expected = np.column_stack(
        [squares[:, list(block)].sum(axis=1) for block in blocks]
    )
    np.testing.assert_allclose(
        start.feature_reconstruction_error(mixed), expected, atol=1e-10
    )


def test_untrained_loss_equals_pca_loss(noiseless, mixed, oracle):
    encoded, _, reconstruction = oracle
    estimator = noiseless(3, max_epochs=0, early_stopping=False).fit(mixed)
    squares = np.nansum((encoded - reconstruction) ** 2)
    n_cells = np.isfinite(encoded[:, [0, 1, 2, 7, 8, 11]]).sum()
    assert estimator.loss_curve_ == [pytest.approx(squares / n_cells, rel=1e-4)]


def test_held_out_rows_are_encoded_alike(quick, pandas_frame):
    train, test = pandas_frame[:200], pandas_frame[200:]
    estimator = quick(3, max_epochs=0).fit(train)
    pca = PCA(3).fit(np.nan_to_num(encoded_by_hand(train)))
    encoded = np.nan_to_num(encoded_by_hand(test, train))
    found, expected = estimator.transform(test), pca.transform(encoded)
    signs = np.sign(found[0] * expected[0])
    np.testing.assert_allclose(found, signs * expected, atol=1e-10)


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_gappy_numbers_start_as_filled_pca(quick, gappy, container, standardize):
    centred = np.nan_to_num(gappy - np.nanmean(gappy, axis=0))
    if standardize:
        centred /= np.nanstd(gappy, axis=0)
    estimator = quick(2, max_epochs=0, standardize=standardize)
    codes = estimator.fit_transform(container(gappy))
    expected = PCA(2).fit_transform(centred)
    np.testing.assert_allclose(up_to_sign(codes), up_to_sign(expected), atol=1e-8)


def test_pandas_and_polars_codes_agree(quick, pandas_frame, mixed):
    expected = quick().fit_transform(pandas_frame)
    np.testing.assert_array_equal(quick().fit_transform(mixed), expected)


def test_training_beats_pca_on_mixed_tables(noiseless, mixed):
    estimator = noiseless(2, max_epochs=30).fit(mixed)
    assert estimator.best_epoch_ > 0
    assert estimator.score(mixed) > noiseless(2, max_epochs=0).fit(mixed).score(mixed)


def test_mean_and_scale_match_the_encoding(start, pandas_frame):
    colour, length = pandas_frame["colour"], pandas_frame["length"]
    p = colour.fillna(MISSING).value_counts(normalize=True)
    expected = [p[level] for level in ("blue", "green", "grey", "red", MISSING)]
    np.testing.assert_allclose(start.mean_[2:7], expected)
    np.testing.assert_allclose(start.scale_[2:7], np.sqrt((p * (1 - p)).sum()))
    assert start.mean_[0] == pytest.approx(length.mean())
    assert start.scale_[0] == pytest.approx(length.std(ddof=0))


def test_auto_standardizes_tables_with_categories(quick, mixed):
    auto, own, shared = (
        quick(standardize=standardize, max_epochs=0).fit(mixed).scale_
        for standardize in ("auto", True, False)
    )
    np.testing.assert_array_equal(auto, own)
    assert len(np.unique(shared[[0, 1, 7, 11]])) == 1
    assert not np.array_equal(auto, shared)


def test_auto_standardizes_with_marked_categories(quick, X):
    table = np.column_stack([X, X[:, 0] > 0])
    marked = quick(max_epochs=0, categorical_features=[6]).fit(table)
    np.testing.assert_allclose(marked.scale_[:6], X.std(axis=0))
    assert np.ptp(quick(max_epochs=0).fit(table).scale_) == 0


# Missing cells


def test_sparse_and_dense_gaps_agree(quick, gappy):
    dense = quick().fit_transform(gappy)
    compressed = quick().fit_transform(sparse.csr_array(gappy))
    np.testing.assert_allclose(compressed, dense, rtol=1e-3, atol=1e-3)


def test_nan_payloads_change_nothing(quick):
    signalling = np.frombuffer(np.uint64(0x7FF8DEADBEEF0001).tobytes(), float)[0]
    X = np.random.default_rng(0).normal(size=(80, 4))
    codes = []
    for gap in (np.nan, -np.nan, signalling):
        X[::7, 2] = gap
        codes.append(quick().fit_transform(X))
    np.testing.assert_array_equal(codes[0], codes[1])
    np.testing.assert_array_equal(codes[0], codes[2])


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "int64[pyarrow]"])
def test_masked_values_change_nothing(quick, dtype):
    whole = pd.DataFrame({"a": np.arange(60) % 7, "b": np.arange(60) % 5}, dtype=dtype)
    masked = whole.mask(whole["a"] == 3)
    floats = masked.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    np.testing.assert_allclose(
        quick(1).fit_transform(masked), quick(1).fit_transform(floats), atol=1e-6
    )


def test_loss_ignores_missing_cells(noiseless, gappy):
    estimator = noiseless(early_stopping=False, max_epochs=0).fit(gappy)
    error = estimator.feature_reconstruction_error(gappy) / estimator.scale_**2
    assert estimator.loss_curve_[0] == pytest.approx(np.nanmean(error), rel=1e-4)


def test_new_gaps_are_accepted(fitted, gappy):
    assert np.isfinite(fitted.transform(gappy)).all()
    assert np.isfinite(fitted.reconstruct(gappy)).all()


def test_only_gappy_columns_have_flags(noiseless, X, gappy):
    for rows, n_flags in ((X, 0), (gappy, 5)):
        estimator = noiseless(init="random").fit(rows)
        width = estimator.module_.residual_encoder.hidden0.weight.shape[1]
        assert width == 6 + n_flags


def test_newly_missing_categories_are_the_centre(quick, pandas_frame):
    estimator = quick(max_epochs=0).fit(pandas_frame)
    rows = pandas_frame.assign(size=pandas_frame["size"].where(pandas_frame.index > 9))
    error = estimator.feature_reconstruction_error(rows)
    assert np.isnan(error[:10, 4]).all()
    assert not np.isnan(error[10:, 4]).any()
    encoded = np.nan_to_num(encoded_by_hand(pandas_frame))
    pca = PCA(2).fit(encoded)
    encoded[:10, 8:11] = 0
    np.testing.assert_allclose(
        up_to_sign(estimator.transform(rows)),
        up_to_sign(pca.transform(encoded)),
        atol=1e-10,
    )


def test_gaps_may_be_in_validation_alone(quick, X, gappy):
    estimator = quick().fit(X[:200], X_val=gappy[200:])
    assert np.isfinite(estimator.validation_loss_curve_).all()


@pytest.mark.filterwarnings("error::UserWarning")
def test_unseen_validation_categories_warn(quick, pandas_frame):
    train = pandas_frame[:200]
    test = pandas_frame[200:].assign(colour="pink")
    with pytest.warns(UserWarning, match=r"'pink' \(column 'colour'\)") as told:
        quick().fit(train, X_val=test)
    assert len(told) == 1


# Categories


def test_unseen_categories_are_an_empty_block(quick, pandas_frame):
    estimator = quick(max_epochs=0, handle_unknown="ignore").fit(pandas_frame)
    encoded = np.nan_to_num(encoded_by_hand(pandas_frame))
    pca = PCA(2).fit(encoded)
    encoded[:, 2:7] = -estimator.mean_[2:7] / estimator.scale_[2:7]
    np.testing.assert_allclose(
        up_to_sign(estimator.transform(pandas_frame.assign(colour="pink"))),
        up_to_sign(pca.transform(encoded)),
        atol=1e-10,
    )


METHODS = ["transform", "reconstruct", "impute", "score", "reconstruction_error"]


@pytest.mark.parametrize("method", METHODS)
def test_unseen_categories_warn_once_a_call(quick, pandas_frame, method):
    estimator = quick(max_epochs=0).fit(pandas_frame)
    call = getattr(estimator, method)
    with pytest.warns(UserWarning, match=r"'pink' \(column 'colour'\)") as told:
        call(pandas_frame.assign(colour="pink"))
    assert len(told) == 1


@pytest.mark.parametrize("method", METHODS)
def test_unseen_categories_can_be_refused(quick, pandas_frame, method):
    estimator = quick(max_epochs=0, handle_unknown="error").fit(pandas_frame)
    with pytest.raises(ValueError, match=r"'pink' \(column 'colour'\)"):
        getattr(estimator, method)(pandas_frame.assign(colour="pink"))


def test_rare_categories_become_their_commonest(quick):
    letters = np.repeat(list("abcdef"), [30, 20, 6, 3, 2, 1])
    frame = pd.DataFrame({"letter": letters})
    estimator = quick(None, max_categories=3).fit(frame)
    found = estimator.reconstruct(frame)["letter"]
    expected = np.where(np.isin(letters, ["a", "b"]), letters, "c")
    assert found.tolist() == expected.tolist()
    assert len(estimator.mean_) == 3


def test_rare_categories_are_encoded_alike(quick):
    letters = np.repeat(list("abcdef"), [30, 20, 6, 3, 2, 1])
    estimator = quick(1, max_categories=3, max_epochs=0).fit(
        pd.DataFrame({"letter": letters})
    )
    codes = estimator.transform(pd.DataFrame({"letter": list("cdef")}))
    assert np.ptp(codes) == 0


def test_more_levels_raise_no_loss(noiseless):
    rng = np.random.default_rng(0)
    losses = []
    for n_levels in (2, 10, 40):
        # Noise: the components explain little, so the loss stays below 1, near it.
        frame = pd.DataFrame(rng.integers(n_levels, size=(400, 12)).astype(str))
        estimator = noiseless(1, early_stopping=False, max_epochs=0)
        losses += estimator.fit(frame.rename(columns=str)).loss_curve_
    assert all(0.85 < loss < 1 for loss in losses)


def test_copied_columns_change_no_weight(noiseless, pandas_frame):
    """A table beside itself has the same codes, times the root of two."""
    copied = pd.concat([pandas_frame, pandas_frame.add_suffix("2")], axis=1)
    plain, double = (
        noiseless(2, max_epochs=0, early_stopping=False).fit(X)
        for X in (pandas_frame, copied)
    )
    assert double.loss_curve_ == pytest.approx(plain.loss_curve_, rel=1e-5)
    np.testing.assert_allclose(
        np.abs(double.transform(copied)),
        np.sqrt(2) * np.abs(plain.transform(pandas_frame)),
        atol=1e-8,
    )
