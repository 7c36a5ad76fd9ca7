"""What rows are by their shape."""

import numpy as np
import pandas as pd
import pytest

from sklearn_ae._plotting.row_images import flat_clips, kind_and_shape

FEW, MANY = np.ones((2, 4)), np.ones((2, 48))
FRAME = pd.DataFrame(MANY)


@pytest.mark.parametrize(
    ("kind", "shape", "X", "expected"),
    [
        ("auto", None, FEW, ("table", (4,))),
        ("auto", None, MANY, ("signal", (48, 1))),
        ("auto", None, FRAME, ("table", (48,))),
        ("auto", 48, MANY, ("signal", (48, 1))),
        ("auto", (6, 8), MANY, ("image", (6, 8, 1))),
        ("auto", (4, 4, 3), MANY, ("image", (4, 4, 3))),
        ("auto", (3, 4, 4, 1), MANY, ("image", (3, 4, 4, 1))),
        ("signal", (16, 3), MANY, ("signal", (16, 3))),
        ("signal", None, FEW, ("signal", (4, 1))),
        ("table", (6, 8), MANY, ("table", (48,))),
    ],
)
def test_shapes_tell_kinds(kind, shape, X, expected):
    assert kind_and_shape(kind, shape, X) == expected


@pytest.mark.parametrize(
    ("kind", "shape", "match"),
    [
        ("picture", None, "kind must be one of"),
        ("image", None, 'shape must be given with kind="image"'),
        ("auto", (6, 9), "as many cells as X has columns, 48"),
        ("auto", (4, 6, 2), "1, 3 or 4 channels"),
        ("image", (48,), r"\(H, W\), \(H, W, C\) or"),
        ("signal", (2, 4, 6), r"\(L,\) or \(L, C\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(kind, shape, match):
    with pytest.raises(ValueError, match=match):
        kind_and_shape(kind, shape, MANY)


def test_clips_are_pictures_side_by_side():
    clips = np.arange(24.0).reshape(1, 2, 3, 4, 1)
    flat = flat_clips(clips)
    np.testing.assert_array_equal(flat[0], np.concatenate(clips[0], axis=1))
    assert flat_clips(flat) is flat
