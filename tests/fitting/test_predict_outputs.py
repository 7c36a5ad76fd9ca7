import numpy as np
import pytest
import torch

from sklearn_ae._fitting.data import PairedTables
from sklearn_ae._fitting.fitted import FittedPair
from sklearn_ae._fitting.predict_outputs import OutputPrediction, RegressionOptions
from sklearn_ae._training.random import RandomStreams

ALPHAS = (0.1, 1.0, 10.0)


@pytest.fixture
def problem(fit_table, make_recipe, pairs):
    """Make the problem of the pairs; return it with its recipe."""

    def make(validation=None, *, standardize=False, scale=1.0, **changes):
        X, Y = pairs
        recipe = make_recipe(**({"n_components": None} | changes))
        found = OutputPrediction(
            recipe,
            RegressionOptions(ALPHAS, standardize),
            fit_table(X).codec.schema,
            PairedTables(X, Y * scale),
            validation,
        )
        return found, recipe

    return make


def arguments(problem, recipe):
    [start] = problem.fit_starts([], 0)
    return problem.arguments(recipe, start, ())


@pytest.mark.parametrize(("n_components", "expected"), [(None, 4), (2, 2), (4, 4)])
def test_codes_are_at_most_outputs(problem, n_components, expected):
    found = arguments(*problem(n_components=n_components))
    assert (found["n_components"], found["n_features"]) == (expected, 6)
    assert found["n_outputs"] == 4


def test_more_codes_than_outputs_are_refused(problem):
    with pytest.raises(ValueError, match=r"min\(n_features, n_outputs\)=4, got .*=5"):
        problem(n_components=5)


def test_inputs_are_paired_with_outputs(problem, pairs):
    prediction, recipe = problem()
    data = prediction.prepare_data(recipe, RandomStreams(0))
    inputs, targets = data.clean.take(torch.arange(300))
    np.testing.assert_allclose(prediction.codec.decode(inputs.numpy()), pairs[0], 1e-4)
    assert targets.shape == (300, 4)
    assert data.n_cells == 4
    assert data.code_rows.take(torch.arange(2))[1].shape == (2, 6)
    assert not data.validation_given
    assert data.complete


def test_given_validation_pairs_judge_alone(problem, pairs):
    validation = PairedTables(*(part[:7] for part in pairs))
    prediction, recipe = problem(validation)
    data = prediction.prepare_data(recipe, RandomStreams(0))
    assert data.validation_given
    assert len(data.split.validation_rows) == 7
    assert len(data.split.index) == 300


def test_parts_have_starts_of_the_others(problem):
    prediction, _ = problem()
    parts = [np.arange(150), np.arange(150, 300)]
    first, *others = prediction.fit_starts(parts, 0)
    assert len(others) == 2
    for start in others:
        assert start.alpha in ALPHAS
        assert not np.array_equal(start.encoder, first.encoder)
    assert prediction.attributes(first) == {"alpha_": first.alpha}


@pytest.mark.parametrize("standardize", [True, False])
def test_codes_have_the_outputs_unit(problem, pairs, standardize):
    prediction, recipe = problem(standardize=standardize)
    Y = pairs[1]
    shared = np.sqrt(np.square(Y - Y.mean(axis=0)).mean())
    expected = 1.0 if standardize else pytest.approx(shared)
    assert prediction.code_unit(recipe, None) == expected


def test_fitted_pairs_keep_the_outputs_scales(problem, pairs):
    fitted = problem(standardize=True)[0].fitted(None)
    assert type(fitted) is FittedPair
    np.testing.assert_allclose(fitted.output_mean, pairs[1].mean(axis=0))
    np.testing.assert_allclose(fitted.output_scale, pairs[1].std(axis=0))


def test_shared_scales_need_finite_squares(problem):
    problem(standardize=True, scale=1e152)
    with pytest.raises(ValueError, match=r"variance of y .* standardize_outputs=True"):
        problem(scale=1e152)
