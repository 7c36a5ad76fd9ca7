"""Structure of a training's saved progress."""

import numpy as np
import pytest

from sklearn_ae._training.checkpoint import check_same_structure


def test_structures_are_compared():
    wanted = {"n": 0, "losses": [0.5], "weights": np.zeros(2)}
    check_same_structure({"n": 3, "losses": [], "weights": np.ones(2)}, wanted, "tree")
    for name, value, match in [
        ("n", 0.5, "tree.n must be of type int, got float"),
        ("weights", np.zeros(3), r"tree.weights must be of \(dtype"),
        ("weights", np.full(2, np.nan), r"tree.weights .* without NaN"),
        ("more", 1, r"tree must have \['n', 'losses', 'weights'\], got"),
    ]:
        with pytest.raises((TypeError, ValueError), match=match):
            check_same_structure(wanted | {name: value}, wanted, "tree")
