import pytest
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score

from sklearn_ae import EncoderDecoderRegressor

SHAPES = {"input_shape": (4, 4), "output_shape": (8, 8)}


def ridge(**parameters):
    return EncoderDecoderRegressor(max_epochs=0, **parameters)


def test_scores_do_not_depend_on_axes(pictures):
    small, large = pictures
    flat = [part.reshape(300, -1) for part in pictures]
    for pair in (pictures, flat):
        regressor = ridge(**SHAPES).fit(*pair)
        scores = [
            regressor.score(x, y) for x in (small, flat[0]) for y in (large, flat[1])
        ]
        expected = r2_score(flat[1], regressor.predict(small).reshape(300, -1))
        assert scores == [pytest.approx(expected)] * 4


def test_pictures_are_cross_validated(pictures):
    scores = cross_val_score(ridge(**SHAPES), *pictures, cv=2)
    assert (scores > 0.5).all()


def test_outputs_of_other_axes_are_not_scored(pictures):
    small, large = pictures
    regressor = ridge(**SHAPES).fit(small, large)
    with pytest.raises(ValueError, match="y must be flat or have the axes"):
        regressor.score(small, large.reshape(300, 4, 16))
