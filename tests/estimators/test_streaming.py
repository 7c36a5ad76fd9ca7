import io
import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.utils._param_validation import InvalidParameterError
from skorch.callbacks import EarlyStopping

from sklearn_ae import AutoencoderTransformer, SparseAutoencoder, load

CHUNK = 100


def chunks(X, size=CHUNK):
    return [X[begin : begin + size] for begin in range(0, X.shape[0], size)]


def stream(estimator, X, n_passes=1, size=CHUNK):
    for chunk in chunks(X, size) * n_passes:
        estimator.partial_fit(chunk)
    return estimator


def same_state(left, right):
    """Compare all that two estimators learned, to the bit."""
    return pickle.dumps(learned(left)) == pickle.dumps(learned(right))


def learned(estimator):
    # Through a pickle once, so that equal strings are or are not one object alike.
    return pickle.loads(pickle.dumps(vars(estimator)))


def test_first_chunk_starts_as_pca(noiseless, X):
    first = noiseless(learning_rate=1e-12).partial_fit(X[:CHUNK])
    pca = PCA(2).fit(X[:CHUNK])
    expected = pca.inverse_transform(pca.transform(X))
    np.testing.assert_allclose(first.reconstruct(X), expected, atol=1e-5)


def test_more_passes_beat_first_pca(noiseless, X):
    start = noiseless(learning_rate=1e-12).partial_fit(X[:CHUNK]).score(X)
    estimator = stream(noiseless(), X, n_passes=6)
    assert 1 - estimator.score(X) < 0.8 * (1 - start)


def test_same_chunks_give_the_same_bits(quick, X):
    assert same_state(stream(quick(), X, 2), stream(quick(), X, 2))


def test_one_seed_serves_all_chunks(quick, X):
    codes, draws = [], []
    for _ in range(2):
        np.random.seed(3)  # noqa: NPY002
        codes.append(stream(quick(random_state=None), X).transform(X))
        draws.append(np.random.randint(2**31))  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    second = np.random.randint(2**31, size=2)[1]  # noqa: NPY002
    assert draws == [second, second]
    np.testing.assert_array_equal(*codes)


def test_copies_between_chunks_change_nothing(quick, X, copied):
    through_copies = quick()
    for chunk in chunks(X):
        through_copies = copied(through_copies).partial_fit(chunk)
    np.testing.assert_array_equal(
        through_copies.transform(X), stream(quick(), X).transform(X)
    )


def test_meta_estimators_of_chunks_work(quick, X):
    """Like dask-ml's Incremental: clone, then copies from one block to the next."""
    model = clone(quick())
    for block in chunks(X):
        model = pickle.loads(pickle.dumps(model))
        model.partial_fit(X=block, y=None)
    assert model.score(X) > 0


def test_a_pickle_is_small_and_plain(quick, X, pickled_names):
    estimator = quick(hidden_layer_sizes=(256, 128)).partial_fit(X)
    allowed = {"numpy", "sklearn_ae", "sklearn", "_codecs", "builtins"}
    assert {package for package, _ in pickled_names(estimator)} <= allowed
    n_weights = sum(part.numel() for part in estimator.module_.parameters())
    codec = estimator.mean_.nbytes + estimator.scale_.nbytes
    assert len(pickle.dumps(estimator)) <= 4.5 * (4 * n_weights + codec + 2**14)


def test_a_pickle_holds_no_rows(quick, X):
    few, many = quick().partial_fit(X[:150]), quick().partial_fit(X)
    assert abs(len(pickle.dumps(many)) - len(pickle.dumps(few))) < 100


def test_fit_starts_afresh(quick, X):
    again = stream(quick(), X).fit(X)
    assert same_state(again, quick().fit(X))


def test_partial_fit_continues_from_fit(noiseless, X):
    fitted = noiseless(max_epochs=10).fit(X)
    before = fitted.reconstruct(X)
    assert fitted.best_epoch_ > 0
    n_losses = len(fitted.loss_curve_)
    fitted.set_params(learning_rate=1e-12).partial_fit(X)
    np.testing.assert_allclose(fitted.reconstruct(X), before, atol=1e-4)
    assert len(fitted.loss_curve_) == n_losses + 1 == fitted.n_epochs_ + 1


def test_kept_starts_get_new_layers(noiseless, X):
    kept = noiseless(max_epochs=0).fit(X)
    assert kept.module_.is_linear
    before = kept.score(X)
    untrained = clone(kept).fit(X).set_params(learning_rate=1e-12).partial_fit(X)
    np.testing.assert_allclose(untrained.reconstruct(X), kept.reconstruct(X), atol=1e-5)
    stream(kept, X, n_passes=10, size=300)
    assert not kept.module_.is_linear
    assert kept.score(X) > before + 0.05


def test_first_chunk_has_principal_codes(noiseless, X):
    estimator = noiseless().partial_fit(X)
    codes = estimator.transform(X)
    np.testing.assert_allclose(codes.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(
        np.cov(codes.T), np.diag(estimator.explained_variance_), atol=1e-4
    )


def test_codes_stay_almost_principal(noiseless, X):
    estimator = stream(noiseless(whiten=True), X, n_passes=10, size=150)
    covariance = np.cov(estimator.transform(X).T)
    np.testing.assert_allclose(covariance, np.eye(2), atol=0.15)


def test_every_chunk_is_within_the_ranges(quick, X):
    estimator = quick().partial_fit(X[:CHUNK])
    low = [v for name, v in estimator._fitted.arrays.items() if name.endswith("low")]
    far = quick().partial_fit(X[:CHUNK]).partial_fit(X[CHUNK:])
    wider = [v for name, v in far._fitted.arrays.items() if name.endswith("low")]
    assert all((b <= a).all() for a, b in zip(low, wider, strict=True))


def test_attributes_after_chunks(quick, X):
    estimator = stream(quick(), X)
    assert estimator.n_epochs_ == estimator.best_epoch_ == len(chunks(X))
    assert len(estimator.loss_curve_) == estimator.n_epochs_ + 1
    assert estimator.validation_loss_curve_ is None
    assert estimator.best_validation_loss_ is None
    assert estimator.pca_validation_loss_ is None
    assert estimator.n_components_ == len(estimator.explained_variance_) == 2
    np.testing.assert_allclose(estimator.mean_, X[:CHUNK].mean(axis=0))


@pytest.mark.parametrize("n_rows", [2, 7])
def test_tiny_first_chunks_are_overcome(noiseless, X, n_rows):
    estimator = noiseless(batch_size=8).partial_fit(X[:n_rows])
    assert np.isfinite(estimator.transform(X)).all()
    before = estimator.score(X)
    assert stream(estimator, X, n_passes=4, size=300).score(X) > max(before, 0.3)


def test_single_rows_are_chunks(quick, X):
    estimator = quick().partial_fit(X[:CHUNK])
    stream(estimator, X[CHUNK : CHUNK + 5], size=1)
    assert estimator.n_epochs_ == 6
    assert np.isfinite(estimator.transform(X)).all()


def test_exact_pca_leaves_nothing_to_learn(noiseless, X):
    flat = X[:, :2] @ np.ones((2, 6))
    estimator = noiseless(1).partial_fit(flat[:50]).partial_fit(flat[50:])
    assert estimator.best_epoch_ == 0
    assert estimator.n_epochs_ == 2
    assert estimator.score(flat) == pytest.approx(1)
    assert estimator.partial_fit(X).best_epoch_ == 3


def test_first_chunk_needs_n_components_rows(quick, X):
    with pytest.raises(ValueError, match=r"n_components must be at most .*=3"):
        quick(4).partial_fit(X[:3])


@pytest.mark.parametrize("columns", [slice(0, 5), [0, 0, 1, 2, 3, 4, 5]])
def test_chunks_of_other_widths_are_refused(quick, X, columns):
    estimator = quick().partial_fit(X)
    with pytest.raises(ValueError, match=r"features, but .* is expecting 6 features"):
        estimator.partial_fit(X[:, columns])


def test_failed_chunks_change_nothing(quick, X, press_ctrl_c, monkeypatch):
    estimator = quick().partial_fit(X[:CHUNK])
    before = pickle.dumps(vars(estimator))
    wrong = X[CHUNK:].copy()
    wrong[3, 2] = np.inf
    with pytest.raises(ValueError, match=r"infinity.*\(column 'x2'\)"):
        estimator.partial_fit(wrong)
    estimator.learning_rate = 1e9
    with pytest.raises(ValueError, match="learning_rate=1000000000"):
        stream(estimator, X[CHUNK:], n_passes=5, size=240)
    estimator.learning_rate = 0.02
    monkeypatch.setattr(
        "sklearn_ae._training.online.ScheduleFreeAdamW.load_average",
        lambda *_: press_ctrl_c(),
    )
    with pytest.raises(KeyboardInterrupt):
        estimator.partial_fit(X[CHUNK:])
    assert pickle.dumps(vars(estimator)) == before


def test_failed_first_chunks_fit_nothing(quick, X):
    estimator = quick(learning_rate=1e9)
    with pytest.raises(ValueError, match="must stay finite"):
        stream(estimator, X, size=300, n_passes=20)
    fresh = quick(n_components=7)
    with pytest.raises(ValueError, match="n_components"):
        fresh.partial_fit(X)
    assert not [name for name in vars(fresh) if name.endswith("_") or name == "_stream"]


def test_callbacks_are_refused(quick, X):
    with pytest.raises(ValueError, match="callbacks must be None or empty"):
        quick(callbacks=[EarlyStopping()]).partial_fit(X)


@pytest.mark.parametrize("name", ["batch_size", "weight_decay", "activation"])
def test_parameters_between_chunks_are_validated(quick, X, name):
    estimator = quick().partial_fit(X)
    estimator.set_params(**{name: -1})
    with pytest.raises(InvalidParameterError, match=f"The '{name}' parameter of"):
        estimator.partial_fit(X)
    assert estimator.n_epochs_ == 1


def test_later_parameters_change_no_network(quick, X):
    estimator = quick().partial_fit(X)
    estimator.set_params(hidden_layer_sizes=(5,), n_components=3, standardize=True)
    estimator.partial_fit(X)
    assert estimator.n_components_ == 2
    assert estimator.module_.residual_encoder[0].out_features == 32


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_other_dtypes_are_taken(quick, X, dtype):
    estimator = stream(quick(), (10 * X).astype(dtype))
    out = np.float32 if dtype == np.float32 else np.float64
    assert estimator.transform((10 * X).astype(dtype)).dtype == out


def test_sparse_and_dense_chunks_agree(quick, X):
    rows = np.where(np.abs(X) > 0.7, X, 0)
    dense = stream(quick(), rows).score(rows)
    assert stream(quick(), sparse.csr_array(rows)).score(rows) == pytest.approx(
        dense, abs=1e-4
    )


def test_loss_ignores_later_gaps(quick, X, gappy):
    estimator = quick().partial_fit(X[:CHUNK])
    stream(estimator, gappy[CHUNK:], n_passes=2)
    assert np.isfinite(estimator.loss_curve_).all()
    assert np.isfinite(estimator.impute(gappy)).all()
    nothing = np.full((3, 6), np.nan)
    assert estimator.partial_fit(nothing).loss_curve_[-1] == 0


def test_a_constant_column_may_vary_later(quick, X):
    rows = X.copy()
    rows[:CHUNK, 1] = 1.0
    estimator = stream(quick(standardize=True), rows, n_passes=2)
    assert np.isfinite(estimator.score(rows))


def test_frames_are_streamed(quick, mixed):
    estimator = stream(quick(), mixed, n_passes=2)
    back = estimator.reconstruct(mixed)
    assert type(back) is type(mixed)
    assert list(back.columns) == list(mixed.columns)


def test_all_categories_of_dtypes_are_known(quick, mixed):
    estimator = quick().partial_fit(mixed[:CHUNK])
    sizes = estimator._fitted.codec.schema.columns[4].categories
    assert sizes.frequent == ("l", "m", "s", "xl")
    large = ["xl"] * len(mixed)
    if isinstance(mixed, pd.DataFrame):
        later = mixed.assign(size=pd.Categorical(large, mixed["size"].cat.categories))
    else:
        later = mixed.with_columns(size=pl.Series(large, dtype=mixed["size"].dtype))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimator.partial_fit(later)
    assert quick().fit(mixed)._fitted.codec.schema.columns[4].width == 3


def test_csv_streams_warn_of_new_strings(quick, pandas_frame):
    table = pandas_frame[["length", "colour", "height"]].copy()
    table.loc[:CHUNK, "colour"] = "red"
    text = table.to_csv(index=False)
    reader = pd.read_csv(io.StringIO(text), chunksize=150)
    estimator = quick().partial_fit(next(reader))
    table.loc[0, "colour"] = "purple"
    with pytest.warns(UserWarning, match=r"not seen in fit: 'purple' \(column 'colour"):
        estimator.partial_fit(table)
    with pytest.raises(ValueError, match="purple"):
        estimator.set_params(handle_unknown="error").partial_fit(table)


def test_random_weights_are_streamed_too(quick, X):
    estimator = stream(quick(init="random"), X, n_passes=10, size=300)
    assert estimator.score(X) > 0.2
    assert estimator.best_epoch_ == estimator.n_epochs_


def test_linear_networks_learn_from_later_chunks(noiseless, X):
    estimator = noiseless(hidden_layer_sizes=()).partial_fit(X[:10])
    before = estimator.score(X)
    assert stream(estimator, X, n_passes=5, size=300).score(X) > before


def test_others_have_no_partial_fit():
    assert hasattr(AutoencoderTransformer, "partial_fit")
    assert not hasattr(SparseAutoencoder, "partial_fit")


def test_streams_go_on_from_a_file(tmp_path, quick, X):
    estimator = quick().partial_fit(X[:CHUNK])
    estimator.save(tmp_path / "stream.ae")
    loaded = load(tmp_path / "stream.ae").partial_fit(X[CHUNK:])
    expected = estimator.partial_fit(X[CHUNK:]).transform(X)
    np.testing.assert_array_equal(loaded.transform(X), expected)
