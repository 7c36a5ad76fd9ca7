import pickle
from typing import ClassVar, NamedTuple

import numpy as np
import pytest

from sklearn_ae._persistence.rules import Array, Count, Number
from sklearn_ae._persistence.schemas import (
    COLUMNS_SCHEMA,
    TRAINING_SCHEMA,
    DictOf,
    IfPresent,
    ListOf,
    Nested,
    OrNone,
    StateMixin,
    TupleOf,
    copy_arrays,
    read_state,
)


class Line(NamedTuple):
    slope: np.ndarray
    weight: float

    _schema = {  # noqa: RUF012
        "slope": Array(("n_columns",), sets="n_columns"),
        "weight": Number("> 0"),
    }


class Model(StateMixin):
    _schema: ClassVar[dict] = {
        "line": Nested(Line),
        "lines": ListOf(OrNone(Nested(Line)), "<= n_columns"),
        "mean": Array(("n_columns",)),
    }

    def __init__(self, line, lines, mean):
        self.line, self.lines, self.mean = line, lines, mean

    def _check_state(self):
        if self.mean[0] < self.line.weight:
            raise ValueError("mean must begin with at least the weight.")


@pytest.fixture
def model():
    lines = [None, Line(np.ones(5), 0.5)]
    return Model(Line(np.arange(3.0), 2.0), lines, np.full(3, 4.0))


def test_objects_are_pickled_as_their_entries(model):
    again = pickle.loads(pickle.dumps(model))
    assert type(again.line) is Line
    np.testing.assert_equal(again.__getstate__(), model.__getstate__())
    assert type(model.__getstate__()["line"]) is dict


def test_arrays_of_objects_are_copies(model):
    state = model.__getstate__()
    model.__setstate__(state)
    assert not np.shares_memory(model.mean, state["mean"])


WRONG = {
    "mean": (lambda state: state | {"mean": np.ones(2)}, r"Model\.mean must be"),
    "sizes of a list": (
        lambda state: state | {"mean": np.full(5, 4.0)},
        r"Model\.mean must be .* \(n_columns=3\)",
    ),
    "item": (
        lambda state: state | {"lines": [{"slope": np.ones(2), "weight": 0.0}]},
        r"Model\.lines\[0\]\.weight must be",
    ),
    "length": (
        lambda state: state | {"lines": [None] * 4},
        r"Model\.lines must be a list with a length <= n_columns=3, got",
    ),
    "tuple": (lambda state: state | {"lines": ()}, "must be a list"),
    "no dict": (lambda state: state | {"line": 3}, "line must be a dict, got 3"),
    "missing": (lambda state: {"line": state["line"]}, r"\['lines', 'mean'\] missing"),
    "unknown": (lambda state: state | {"more": 1}, r"\['more'\] unknown"),
    "together": (lambda state: state | {"mean": np.ones(3)}, "at least the weight"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_states_are_refused_by_name(model, name):
    change, message = WRONG[name]
    with pytest.raises(ValueError, match=message):
        model.__setstate__(change(model.__getstate__()))


def test_entries_may_be_missing():
    schema = {"a": Count(), "b": IfPresent(Count("<= a"))}
    assert read_state("state", {"a": 3}, schema) == {"a": 3}
    assert read_state("state", {"b": 2, "a": 3}, schema) == {"b": 2, "a": 3}
    with pytest.raises(ValueError, match="<= a=3, got 4"):
        read_state("state", {"a": 3, "b": 4}, schema)


def test_lists_have_a_product():
    rule = ListOf(Count(), product="n", kinds=(tuple,))
    assert rule.read((2, 3), "axes", {"n": 6}) == (2, 3)
    assert rule.read((), "axes", {"n": 1}) == ()
    with pytest.raises(ValueError, match=r"product of axes must be n=6, got \(2,\)"):
        rule.read((2,), "axes", {"n": 6})


@pytest.mark.parametrize("value", [[1, 2.0], (1,), (1, 2), (1.0, 2), None])
def test_tuples_have_their_entries(value):
    rule = TupleOf(Count(), Number())
    assert rule.read((1, 2.0), "pair", {}) == (1, 2.0)
    with pytest.raises(ValueError, match=r"pair(\[\d\])? must be"):
        rule.read(value, "pair", {})


def test_dicts_are_written_by_their_rules():
    rule = DictOf({"a": Number(), "b": IfPresent(OrNone(Number()))})
    assert rule.write({"a": np.float64(1)}) == {"a": 1.0}
    assert rule.write({"a": np.float64(1), "b": None}) == {"a": 1.0, "b": None}


def test_trees_are_copied_with_their_arrays():
    array = np.ones(2)
    copy = copy_arrays({"a": array, "b": {3: [array]}, "c": (array, "text")})
    array[:] = 0
    ones = np.ones(2)
    np.testing.assert_equal(copy, {"a": ones, "b": {3: [ones]}, "c": (ones, "text")})


TRAINED = {
    "n_epochs_": 1,
    "loss_curve_": [1.0, 0.5],
    "validation_loss_curve_": None,
    "best_epoch_": 1,
    "best_validation_loss_": None,
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("loss_curve_", []),
        ("loss_curve_", (1.0,)),
        ("loss_curve_", [None]),
        ("loss_curve_", None),
        ("best_epoch_", 2),
    ],
)
def test_curves_are_lists_of_numbers(name, value):
    assert read_state("state", TRAINED, TRAINING_SCHEMA) == TRAINED
    with pytest.raises(ValueError, match=name):
        read_state("state", TRAINED | {name: value}, TRAINING_SCHEMA)


NAMES = np.array(["a", "b"], object)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_features_in_", 3),
        ("feature_names_in_", NAMES[::-1]),
        ("feature_names_in_", NAMES[:1]),
        ("feature_names_in_", NAMES.astype(str)),
        ("feature_names_in_", ["a", "b"]),
    ],
)
def test_columns_are_those_of_the_table(name, value):
    rule, context = DictOf(COLUMNS_SCHEMA), {"n_columns": 2, "names": ("a", "b")}
    state = {"n_features_in_": 2, "feature_names_in_": NAMES}
    assert rule.read(state, "state", dict(context)) == state
    with pytest.raises(ValueError, match=name):
        rule.read(state | {name: value}, "state", dict(context))
