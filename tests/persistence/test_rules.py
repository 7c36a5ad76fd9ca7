import numpy as np
import pytest

from sklearn_ae._persistence.rules import Array, Condition, Count, Number, OneOf

KNOWN = {"n_epochs_": 3, "n_components": 2, "n_features": 4}


def read(rule, value):
    return rule.read(value, "entry", dict(KNOWN))


RIGHT = {
    "count": (Count(), [0, 2**60]),
    "count up to another": (Count("<= n_epochs_"), [0, 3]),
    "number": (Number(), [-1.0, 0.0, 1e300]),
    "positive number": (Number("> 0", "<= 1"), [1e-300, 1.0]),
    "one of": (OneOf({"a": 1, "b": 2}), ["a", "b"]),
    "array": (Array(("n_components",)), [np.ones(2), np.zeros(2, np.float32)]),
    "matrix": (Array(("n_components", 3), ">= 0"), [np.zeros((2, 3))]),
    "empty array": (Array((0,), "> 0"), [np.zeros(0)]),
    "flags": (Array(("n_features",), dtypes=(np.bool_,)), [np.ones(4, bool)]),
    "condition": (Condition("even", lambda value, _: value % 2 == 0), [2]),
}


@pytest.mark.parametrize("name", RIGHT)
def test_valid_entries_are_read(name):
    rule, values = RIGHT[name]
    for value in values:
        assert read(rule, value) is value


NO_NUMBERS = [None, True, np.bool_(True), "1", 1j, [1], np.ones(1)]
WRONG = {
    "count": (Count(), [-1, 1.0, np.int64(1), *NO_NUMBERS]),
    "count up to another": (Count("<= n_epochs_"), [4]),
    "number": (Number(), [1, np.float32(1), float("nan"), float("inf"), *NO_NUMBERS]),
    "positive number": (Number("> 0", "<= 1"), [0.0, -1.0, 1.5]),
    "one of": (OneOf({"a": 1}), ["b", None, ["a"], np.array(["a"], object)]),
    "array": (
        Array(("n_components",)),
        [
            [1.0, 1.0],
            np.ones(3),
            np.ones((2, 1)),
            np.ones(2, int),
            np.ones(2, np.float16),
            np.ones(2, ">f8"),
            np.array(["a", "b"]),
            np.array([1, np.nan]),
            np.array([1, np.inf]),
        ],
    ),
    "bounded array": (
        Array(("n_components",), "> 0", "<= 1"),
        [np.array([0.5, 0.0]), np.array([0.5, 1.5])],
    ),
    "unknown size": (Array(("n_codes",)), [np.ones(2), np.ones(0)]),
    "flags": (
        Array(("n_features",), dtypes=(np.bool_,)),
        [np.ones(4), np.ones(3, bool)],
    ),
    "condition": (Condition("even", lambda value, _: value % 2 == 0), [1]),
}


@pytest.mark.parametrize("name", WRONG)
def test_invalid_entries_are_refused(name):
    rule, values = WRONG[name]
    for value in values:
        with pytest.raises(ValueError, match=r"^entry must be .*, got "):
            read(rule, value)


@pytest.mark.parametrize(
    ("rule", "value", "message"),
    [
        (Count("<= n_epochs_"), 4, "an integer >= 0 and <= n_epochs_=3, got 4"),
        (Number("> 0"), "x" * 99, f"a finite float > 0, got '{'x' * 79}..."),
        (OneOf(["b", "a"]), 1, "one of ['a', 'b'], got 1"),
        (
            Array(("n_components", 3), "> 0"),
            np.zeros((2, 3)),
            "a finite array of float32 or float64 of shape (n_components=2, 3) > 0, "
            "got float64 of shape (2, 3) from 0.0 to 0.0",
        ),
        (
            Array((1,)),
            np.array(["a"]),
            "a finite array of float32 or float64 of shape (1), got <U1 of shape (1,)",
        ),
    ],
)
def test_errors_say_what_must_hold(rule, value, message):
    with pytest.raises(ValueError, match=r"^entry") as caught:
        read(rule, value)
    assert str(caught.value) == f"entry must be {message}."


def test_arrays_set_sizes():
    context = {"n_columns": 3}
    Array(("n_axes", "n_columns"), sets="n_axes").read(
        np.ones((0, 3)), "entry", context
    )
    assert context == {"n_columns": 3, "n_axes": 0}


def test_numbers_are_written_as_python_s():
    assert type(Count().write(np.int64(3))) is int
    assert type(Number().write(np.float32(0.5))) is float
