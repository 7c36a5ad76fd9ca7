"""Invalid tables, and errors that name the column."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

N = 60


def cells(**others):
    rng = np.random.default_rng(0)
    columns = {
        "area": rng.normal(size=N).tolist(),
        "price": rng.normal(size=N).tolist(),
        "colour": rng.choice(["red", "blue"], N).tolist(),
    }
    return columns | others


FRAMES = {"pandas": pd.DataFrame, "polars": pl.DataFrame}


@pytest.fixture
def estimator(quick):
    return quick(hidden_layer_sizes=8, max_epochs=1)


def spoiled(value=np.inf):
    numbers = np.random.default_rng(0).normal(size=(N, 3))
    numbers[4, 1] = value
    return numbers


def infinite_prices():
    price = cells()["price"]
    return [*price[:4], -np.inf, *price[5:]]


INFINITE = {
    "array": (lambda: spoiled(), "x1"),
    "float32": (lambda: spoiled().astype(np.float32), "x1"),
    "CSR": (lambda: sparse.csr_array(spoiled()), "x1"),
    "CSC": (lambda: sparse.csc_array(spoiled()), "x1"),
    "pandas": (lambda: pd.DataFrame(spoiled(), columns=["a", "price", "c"]), "price"),
    "polars": (lambda: pl.DataFrame(spoiled(), schema=["a", "price", "c"]), "price"),
    "pandas mixed": (lambda: pd.DataFrame(cells(price=infinite_prices())), "price"),
    "polars mixed": (lambda: pl.DataFrame(cells(price=infinite_prices())), "price"),
}


def finite(name):
    if "mixed" in name:
        return FRAMES[name.split()[0]](cells())
    table = INFINITE[name][0]()
    if sparse.issparse(table):
        table.data[np.isinf(table.data)] = 0
        return table
    if name in FRAMES:
        return FRAMES[name](
            spoiled(0.0),
            **{"columns" if name == "pandas" else "schema": ["a", "price", "c"]},
        )
    return np.where(np.isinf(table), 0, table).astype(table.dtype)


SENTENCE = (
    r"(?s)Input {} contains infinity or a value too large for dtype.*\(column '{}'\)"
)


@pytest.mark.parametrize("name", INFINITE)
def test_infinity_at_fit_names_the_column(estimator, name):
    make, column = INFINITE[name]
    with pytest.raises(ValueError, match=SENTENCE.format("X", column)):
        estimator.fit(make())


@pytest.mark.parametrize("name", INFINITE)
def test_errors_name_infinite_columns_at_transform(estimator, name):
    make, column = INFINITE[name]
    estimator.fit(finite(name))
    with pytest.raises(ValueError, match=SENTENCE.format("X", column)):
        estimator.transform(make())


@pytest.mark.parametrize("name", INFINITE)
def test_infinite_validation_rows_name_the_column(estimator, name):
    make, column = INFINITE[name]
    with pytest.raises(ValueError, match=SENTENCE.format("X_val", column)):
        estimator.fit(finite(name), X_val=make())


def renamed(frame, names):
    if isinstance(frame, pl.DataFrame):
        return frame.select(names)
    return frame[names]


COLUMNS = {
    "missing": ["area", "colour"],
    "reordered": ["price", "area", "colour"],
}


@pytest.mark.parametrize("method", ["transform", "impute", "score", "reconstruct"])
@pytest.mark.parametrize("name", COLUMNS)
def test_missing_and_reordered_columns_are_refused(estimator, frame_of, name, method):
    frame = frame_of(cells())
    estimator.fit(frame)
    with pytest.raises(ValueError, match="feature names should match"):
        getattr(estimator, method)(renamed(frame, COLUMNS[name]))


@pytest.mark.parametrize("more", [[1.0] * N, ["a"] * N], ids=["number", "category"])
def test_extra_columns_are_refused_by_name(estimator, frame_of, more):
    estimator.fit(frame_of(cells()))
    with pytest.raises(ValueError, match=r"(?s)feature names should match.*extra"):
        estimator.transform(frame_of(cells(extra=more)))


@pytest.mark.parametrize(
    ("column", "values"),
    [("price", ["a", "b"] * 30), ("colour", [1.0, 2.0] * 30)],
    ids=["category for numbers", "numbers for categories"],
)
def test_other_kinds_are_refused_by_column(estimator, frame_of, column, values):
    estimator.fit(frame_of(cells()))
    with pytest.raises(ValueError, match=rf"as in fit.*\(column '{column}'\)"):
        estimator.transform(frame_of(cells(**{column: values})))


def test_arrays_are_refused_after_fitting_strings(estimator, frame_of):
    estimator.fit(frame_of(cells()))
    with pytest.raises(ValueError, match=r"dataframe as in fit.*column 'colour'"):
        estimator.transform(np.ones((4, 3)))


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_arrays_may_hold_marked_categories(quick, frame_of):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=N), rng.integers(3, size=N)])
    frame = frame_of({"a": X[:, 0], "b": X[:, 1]})
    estimator = quick(1, categorical_features=["b"], max_epochs=0).fit(frame)
    np.testing.assert_array_equal(estimator.transform(X), estimator.transform(frame))


def test_marked_sparse_columns_are_refused(quick):
    X = sparse.eye_array(4, format="csr")
    with pytest.raises(ValueError, match=r"X must be dense.*categorical_features"):
        quick(1, categorical_features=[0]).fit(X)


@pytest.mark.parametrize("marks", ["columns", [3], ["cost"], [True]], ids=str)
def test_wrong_categorical_features_are_refused(quick, frame_of, marks):
    with pytest.raises(ValueError, match="categorical_features"):
        quick(categorical_features=marks).fit(frame_of(cells()))


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_the_largest_numbers_are_no_infinity(quick, container):
    signs = np.random.default_rng(0).choice([-1, 1], size=(30, 4))
    rows = container((3.3e38 * signs).astype(np.float32))
    assert np.isfinite(quick(1, whiten=True, max_epochs=0).fit_transform(rows)).all()


# Whole tables


def test_columns_of_ids_warn_by_name(estimator, frame_of):
    frame = frame_of(cells(key=[f"k{i}" for i in range(N)]))
    with pytest.warns(UserWarning, match=r"category of its own.*'key'") as told:
        estimator.fit(frame)
    assert len(told) == 1


CONSTANT = {
    "numbers": {"a": [1.0] * N, "b": [3] * N},
    "categories": {"a": ["x"] * N, "b": ["y"] * N},
    "mixed": {"a": [1.0] * N, "b": ["y"] * N},
    "with gaps": {"a": [1.0, None] * 30, "b": [3] * N},
    "with a missing column": {"a": [None] * N, "b": [3] * N},
}


@pytest.mark.parametrize("name", CONSTANT)
def test_only_constant_columns_warn_by_name(quick, frame_of, name):
    with pytest.warns(UserWarning, match=r"constant.*'a', 'b'") as told:
        quick(1, hidden_layer_sizes=8).fit(frame_of(CONSTANT[name]))
    assert len(told) == 1


@pytest.mark.filterwarnings("ignore:Every column of X is constant")
@pytest.mark.parametrize("name", CONSTANT)
def test_only_constant_columns_come_back(quick, frame_of, name):
    frame = frame_of(CONSTANT[name])
    estimator = quick(1, hidden_layer_sizes=8).fit(frame)
    filled = estimator.impute(frame)
    assert list(filled["b"]) == list(frame["b"])
    assert estimator.score(frame) == 1
    assert np.isfinite(estimator.transform(frame)).all()


MISSING = {
    "floats": [np.nan] * N,
    "objects": [None] * N,
}


@pytest.mark.parametrize("name", MISSING)
def test_only_missing_columns_raise_by_name(estimator, frame_of, name):
    frame = frame_of({"a": MISSING[name], "b": MISSING[name]})
    with pytest.raises(ValueError, match=r"at least one cell.*'a', 'b'"):
        estimator.fit(frame)


@pytest.mark.parametrize("dtype", ["str", "string", "category", "Int64", "boolean"])
def test_missing_columns_of_any_dtype_raise(estimator, dtype):
    frame = pd.DataFrame({"a": pd.Series([None] * N, dtype=dtype), "b": np.nan})
    with pytest.raises(ValueError, match=r"at least one cell.*'a', 'b'"):
        estimator.fit(frame)


def test_an_array_of_missing_cells_raises(estimator):
    with pytest.raises(ValueError, match=r"at least one cell.*'x0', 'x1'"):
        estimator.fit(np.full((5, 2), np.nan))


def test_sparse_matrices_of_missing_cells_raise(estimator):
    with pytest.raises(ValueError, match=r"at least one cell.*'x0', 'x1'"):
        estimator.fit(sparse.csr_array(np.full((5, 2), np.nan)))


# Failing fits

WEEK = pd.date_range("2020-01-01", periods=N).to_numpy().astype("datetime64[us]")
FAULTS = {
    "infinity": lambda: cells(price=infinite_prices()),
    "dates": lambda: cells(day=WEEK),
    "only missing": lambda: {"a": [np.nan] * N, "b": [np.nan] * N},
    "too few rows": lambda: {"a": [1.0], "b": ["x"]},
    "too wide for float64": lambda: cells(price=[1.7e308, 1e308] * 30),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_failing_first_fits_change_nothing(estimator, frame_of, fault):
    before = dict(vars(estimator))
    with pytest.raises((TypeError, ValueError), match=r"."):
        estimator.fit(frame_of(FAULTS[fault]()))
    assert vars(estimator) == before
    with pytest.raises(NotFittedError):
        check_is_fitted(estimator)


@pytest.mark.parametrize("fault", FAULTS)
def test_failing_refits_keep_the_former_fit(estimator, frame_of, fault):
    frame = frame_of(cells())
    codes = estimator.fit(frame).transform(frame)
    before = dict(vars(estimator))
    with pytest.raises((TypeError, ValueError), match=r"."):
        estimator.fit(frame_of(FAULTS[fault]()))
    assert vars(estimator).keys() == before.keys()
    assert all(vars(estimator)[name] is before[name] for name in before)
    np.testing.assert_array_equal(estimator.transform(frame), codes)


VALIDATION_FAULTS = {
    "kind": {"price": ["a", "b"] * 30},
    "infinity": {"price": infinite_prices()},
    "unknown": {"colour": ["pink"] * N},
}


@pytest.mark.parametrize("fault", VALIDATION_FAULTS)
def test_bad_validation_rows_change_nothing(quick, frame_of, fault):
    estimator = quick(handle_unknown="error")
    before = dict(vars(estimator))
    bad = frame_of(cells(**VALIDATION_FAULTS[fault]))
    with pytest.raises(ValueError, match=r"column '(price|colour)'"):
        estimator.fit(frame_of(cells()), X_val=bad)
    assert vars(estimator) == before


def test_repeated_names_are_refused_by_name(estimator):
    frame = pd.DataFrame(spoiled(0.0), columns=["a", "price", "price"])
    before = dict(vars(estimator))
    with pytest.raises(ValueError, match=r"unique.*'price'"):
        estimator.fit(frame)
    assert vars(estimator) == before


def test_repeated_names_at_transform_are_refused(estimator):
    frame = pd.DataFrame(spoiled(0.0), columns=["a", "price", "c"])
    estimator.fit(frame)
    with pytest.raises(ValueError, match=r"'price'|feature names"):
        estimator.transform(frame.set_axis(["a", "price", "price"], axis=1))
