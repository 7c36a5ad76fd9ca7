"""scikit-learn's contract, and the tables it is held for."""

import functools
import inspect
from unittest import SkipTest

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import estimator_checks_generator

import sklearn_ae
from _cases import make_quick
from _selection import marks_of

PUBLIC = [
    thing
    for thing in vars(sklearn_ae).values()
    if inspect.isclass(thing) and issubclass(thing, BaseEstimator)
]


def brief(estimator_class):
    """Return an estimator that trains for one epoch, as does what it holds.

    With patience small tables are trained on once, not once for each part of them; by
    default, as DenoisingAutoencoder alone is here, it is six times.
    """
    names = inspect.signature(estimator_class).parameters
    small = {"max_epochs": 1, "hidden_layer_sizes": (8,)}
    once = small | {"n_iter_no_change": 2}
    by_default = estimator_class is sklearn_ae.DenoisingAutoencoder
    chosen = small if by_default else once
    parameters = {name: value for name, value in chosen.items() if name in names}
    if "estimator" in names:
        parameters["estimator"] = sklearn_ae.AutoencoderTransformer(**once)
    return estimator_class(**parameters)


INSTANCES = [brief(estimator_class) for estimator_class in PUBLIC]

# check_estimator never runs these.
MORE_CHECKS = [
    "check_dataframe_column_names_consistency",
    "check_estimators_partial_fit_n_features",
    "check_param_validation",
]
CHECKS_OF_TRANSFORMERS = [
    "check_get_feature_names_out_error",
    "check_global_output_transform_pandas",
    "check_global_set_output_transform_polars",
    "check_set_output_transform",
    "check_set_output_transform_pandas",
    "check_set_output_transform_polars",
    "check_transformer_get_feature_names_out",
    "check_transformer_get_feature_names_out_pandas",
]
MORE = [
    pytest.param(
        estimator,
        check,
        marks=marks_of(type(estimator)),
        id=f"{type(estimator).__name__}-{check}",
    )
    for estimator in INSTANCES
    for check in [
        *MORE_CHECKS,
        *(CHECKS_OF_TRANSFORMERS if hasattr(estimator, "transform") else []),
    ]
]


def name_of(check):
    """Return the name of a check of scikit-learn, which may have arguments."""
    return getattr(check, "func", check).__name__


@pytest.mark.parametrize(
    ("estimator", "check"),
    [
        pytest.param(
            estimator,
            check,
            marks=marks_of(type(estimator)),
            id=f"{type(estimator).__name__}-{name_of(check)}",
        )
        for instance in INSTANCES
        for estimator, check in estimator_checks_generator(instance)
    ],
)
def test_scikit_learn_contract(estimator, check):
    try:
        check(estimator)
    except SkipTest as skip:
        pytest.fail(f"No check may be skipped: {skip}")


@pytest.mark.filterwarnings("ignore:X .*feature names")
@pytest.mark.parametrize(("estimator", "check"), MORE)
def test_checks_that_check_estimator_never_runs(estimator, check):
    try:
        getattr(estimator_checks, check)(type(estimator).__name__, clone(estimator))
    except SkipTest as skip:
        pytest.fail(f"No check may be skipped: {skip}")


@pytest.mark.skipif(
    tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 9),
    reason="scikit-learn before 1.9 has it only for what supports the array API",
)
@pytest.mark.parametrize("estimator", INSTANCES, ids=lambda e: type(e).__name__)
def test_array_api_input_is_checked(estimator):
    names = {name_of(check) for _, check in estimator_checks_generator(estimator)}
    assert "check_array_api_input" in names


def test_defaults_fit_a_real_table(estimator_class):
    X, _ = load_iris(return_X_y=True)
    estimator = estimator_class(random_state=0).fit(X)
    assert estimator.n_epochs_ > 10
    assert estimator.best_validation_loss_ <= estimator.pca_validation_loss_
    pca = PCA(2).fit(X)
    if estimator_class is sklearn_ae.VariationalAutoencoder:
        assert estimator.score(X) >= pca.score(X) - 1e-4
        return
    # One code of a row is not zero.
    n_codes = 1 if estimator_class is sklearn_ae.SparseAutoencoder else 2
    # Of complete rows PCA may tell more than a network that was trained on others.
    slack = 0.01 if estimator_class is sklearn_ae.DenoisingAutoencoder else 1e-10
    assert estimator.score(X) >= pca.explained_variance_ratio_[:n_codes].sum() - slack


def test_only_n_components_is_positional(estimator_class):
    signature = inspect.signature(estimator_class).parameters.values()
    by_position = [p.name for p in signature if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert by_position == ["n_components"]


def test_a_clone_keeps_every_parameter(estimator_class):
    parameters = {
        "n_components": 3,
        "hidden_layer_sizes": [5, 4],
        "activation": "tanh",
        "init": "random",
        "whiten": True,
        "standardize": True,
        "categorical_features": ["a"],
        "max_categories": 5,
        "handle_unknown": "error",
        "learning_rate": 0.5,
        "batch_size": 7,
        "max_epochs": 9,
        "weight_decay": 0.1,
        "early_stopping": False,
        "validation_fraction": 0.3,
        "n_iter_no_change": 4,
        "callbacks": [],
        "device": "cpu",
        "random_state": 6,
        "verbose": 1,
    }
    copied = clone(estimator_class(**parameters)).get_params()
    assert {name: copied[name] for name in parameters} == parameters


def test_repr_shows_what_was_changed(estimator_class):
    text = repr(estimator_class(3, whiten=True))
    assert text == f"{estimator_class.__name__}(n_components=3, whiten=True)"


# What goes in

# Tables are read by the same code for all.
TWO = [sklearn_ae.AutoencoderTransformer, sklearn_ae.SparseAutoencoder]
WHOLE_NUMBERS = np.random.default_rng(0).integers(0, 2, size=(60, 4)).astype(float)
FORMATS = {
    "plain": np.asarray,
    "float32": lambda X: X.astype(np.float32),
    "float16": lambda X: X.astype(np.float16),
    "longdouble": lambda X: X.astype(np.longdouble),
    "bool": lambda X: X.astype(bool),
    "int8": lambda X: X.astype(np.int8),
    "uint64": lambda X: X.astype(np.uint64),
    "big-endian": lambda X: X.astype(">f8"),
    "big-endian single": lambda X: X.astype(">f4"),
    "Fortran": np.asfortranarray,
    "reversed twice": lambda X: X[::-1].copy()[::-1],
    "reversed columns": lambda X: X[:, ::-1].copy()[:, ::-1],
    "every other": lambda X: np.repeat(X, 2, axis=0)[::2],
    "broadcast": lambda X: np.broadcast_to(X, (2, *X.shape))[1],
    "list": lambda X: X.tolist(),
    "pandas": lambda X: pd.DataFrame(X, columns=list("abcd")),
    "pandas booleans": lambda X: pd.DataFrame(X.astype(bool), columns=list("abcd")),
    "pandas nullable": lambda X: pd.DataFrame(X.astype(int)).astype("Int64"),
    "pandas objects": lambda X: pd.DataFrame(X).astype(object),
    "polars": lambda X: pl.DataFrame(X, schema=list("abcd")),
    "polars booleans": lambda X: pl.DataFrame(X.astype(bool), schema=list("abcd")),
    "CSR array": sparse.csr_array,
    "CSR matrix": sparse.csr_matrix,
    "CSC": sparse.csc_array,
    "coordinates": sparse.coo_array,
    "CSR of integers": lambda X: sparse.csr_array(X.astype(int)),
}


@functools.cache
def codes_of(estimator_class, name):
    """Fit to whole numbers in one of the formats, and return their codes."""
    estimator = make_quick(estimator_class, early_stopping=False)
    return estimator.fit_transform(FORMATS[name](WHOLE_NUMBERS))


@pytest.mark.filterwarnings("ignore:.*longdouble")
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("estimator_class", TWO)
def test_all_kinds_of_tables_agree(estimator_class, name):
    codes, expected = (codes_of(estimator_class, table) for table in (name, "plain"))
    np.testing.assert_allclose(codes, expected, atol=1e-4)


@pytest.mark.filterwarnings("ignore:.*longdouble")
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("estimator_class", TWO)
def test_only_float32_gives_float32_codes(estimator_class, name):
    codes = codes_of(estimator_class, name)
    assert codes.dtype == (np.float32 if name == "float32" else np.float64)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_float32_stays_float32_in_every_method(fitted, X, container):
    rows = container(X.astype(np.float32))
    codes = fitted.transform(rows)
    outputs = [
        codes,
        fitted.inverse_transform(codes),
        fitted.reconstruct(rows),
        fitted.reconstruction_error(rows),
        fitted.feature_reconstruction_error(rows),
    ]
    assert {output.dtype for output in outputs} == {np.dtype(np.float32)}


@pytest.mark.parametrize("max_epochs", [0, 4])
@pytest.mark.parametrize("standardize", [False, True])
def test_sparse_and_dense_fits_agree(quick, X, max_epochs, standardize):
    table = np.where(np.abs(X) > 0.5, X, 0)
    parameters = {"max_epochs": max_epochs, "standardize": standardize}
    dense = quick(**parameters).fit(table)
    compressed = quick(**parameters).fit(sparse.csr_array(table))
    for method in ("transform", "reconstruct", "reconstruction_error"):
        expected = getattr(dense, method)(table)
        np.testing.assert_allclose(
            getattr(compressed, method)(sparse.csr_array(table)),
            expected,
            rtol=1e-4,
            atol=1e-4 * np.abs(expected).max(),
        )


@pytest.mark.parametrize("max_epochs", [0, 2])
def test_wide_sparse_and_dense_fits_agree(quick, max_epochs):
    rng = np.random.default_rng(0)
    loadings = rng.normal(size=(3, 2100)) * (rng.uniform(size=2100) < 0.1)
    table = rng.normal(size=(60, 3)) * [3, 2, 1] @ loadings
    dense = quick(max_epochs=max_epochs).fit_transform(table)
    compressed = quick(max_epochs=max_epochs).fit_transform(sparse.csr_array(table))
    atol = 1e-4 * np.abs(dense).max()
    np.testing.assert_allclose(compressed, dense, rtol=1e-4, atol=atol)


def test_wide_sparse_rows_have_fewer_components(quick):
    rows = sparse.random_array((8, 2100), density=0.05, random_state=0, format="csr")
    assert quick(None, max_epochs=0).fit_transform(rows).shape == (8, 7)


def test_wide_sparse_rows_refuse_float_components(quick):
    rows = sparse.random_array((8, 2100), density=0.05, random_state=0, format="csr")
    with pytest.raises(ValueError, match=r"n_components must be an integer or None"):
        quick(0.5).fit(rows)


@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_both_index_types_are_taken(quick, X, index):
    rows = sparse.csr_array(X)
    rows.indices, rows.indptr = rows.indices.astype(index), rows.indptr.astype(index)
    assert quick().fit_transform(rows).shape == (300, 2)


def frozen(rows):
    for array in (rows.data, rows.indices, rows.indptr):
        array.flags.writeable = False
    return rows


READ_ONLY = {
    "array": lambda X: X,
    "float32": lambda X: np.frombuffer(X.astype(np.float32).tobytes(), np.float32),
    "frame": lambda X: pd.DataFrame(X, columns=list("abcdef"), copy=False),
    "sparse": lambda X: frozen(sparse.csr_array(X)),
}


@pytest.mark.parametrize("name", READ_ONLY)
def test_read_only_rows_stay_unchanged(quick, X, name):
    table = READ_ONLY[name](X)
    table = table.reshape(X.shape) if name == "float32" else table
    before = pd.DataFrame(table.toarray() if name == "sparse" else table).copy()
    estimator = quick().fit(table, X_val=table)
    codes = estimator.transform(table)
    codes.flags.writeable = False
    estimator.inverse_transform(codes)
    estimator.reconstruction_error(table)
    after = pd.DataFrame(table.toarray() if name == "sparse" else table)
    pd.testing.assert_frame_equal(after, before)


def test_writable_rows_stay_unchanged(quick, X):
    table = X.copy()
    estimator = quick().fit(table)
    estimator.inverse_transform(estimator.transform(table))
    estimator.feature_reconstruction_error(table)
    np.testing.assert_array_equal(table, X)


def test_memory_mapped_rows_are_taken(quick, X, tmp_path):
    np.save(tmp_path / "rows.npy", X)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    np.testing.assert_array_equal(
        quick().fit_transform(mapped), quick().fit_transform(X)
    )


# What comes out

FRAMES = {"pandas": pd.DataFrame, "polars": pl.DataFrame}


@pytest.mark.parametrize("library", FRAMES)
def test_set_output_decides_the_container(quick, X, library):
    codes = quick().set_output(transform=library).fit_transform(X)
    assert isinstance(codes, FRAMES[library])
    name = type(quick()).__name__.lower()
    assert list(codes.columns) == [f"{name}0", f"{name}1"]


def test_index_of_a_frame_is_kept(quick, X):
    table = pd.DataFrame(X, columns=list("abcdef"), index=range(1000, 1300))
    codes = quick().set_output(transform="pandas").fit_transform(table)
    pd.testing.assert_index_equal(codes.index, table.index)


@pytest.mark.parametrize("library", FRAMES)
def test_frames_are_taken_without_a_warning(quick, X, library):
    table = FRAMES[library](dict(zip("abcdef", X.T, strict=True)))
    estimator = quick().fit(table, X_val=table)
    codes = estimator.transform(table)
    expected = estimator.inverse_transform(codes)
    np.testing.assert_allclose(estimator.reconstruct(table), expected)
    np.testing.assert_allclose(
        estimator.reconstruction_error(table),
        estimator.feature_reconstruction_error(table).mean(axis=1),
    )
    assert estimator.score(table) <= 1
    assert list(estimator.feature_names_in_) == list("abcdef")
