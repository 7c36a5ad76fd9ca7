import numpy as np
import pytest

from sklearn_ae._fitting.partial_fit import fit_chunk
from sklearn_ae._fitting.streams import Published, begin_stream, resume_stream


@pytest.fixture
def columns(fit_table, X):
    return fit_table(X).codec.schema


@pytest.fixture
def learn(columns):
    """Learn from chunks; return the last result and the stream's position."""

    def run(recipe, first, *others):
        position = begin_stream(recipe, columns, first)
        for chunk in (first, *others):
            result = fit_chunk(recipe, position, chunk)
            published = Published(
                result.fitted,
                result.explained_variance,
                result.state.losses,
                result.state.best_epoch,
            )
            stream = result.attributes["_stream"]
            position = resume_stream(recipe, published, stream)
        return result, position

    return run


def test_a_chunk_is_an_epoch(make_recipe, learn, X):
    result, position = learn(make_recipe(), X[:100], X[100:150])
    assert result.state.best_epoch == 2
    assert len(result.state.losses) == 3
    assert (position.stream.n_calls, position.stream.n_rows) == (2, 150)


def test_the_first_loss_is_the_starts(make_recipe, learn, X):
    recipe = make_recipe()
    result, position = learn(recipe, X)
    start = result.state.losses[0]
    assert start == pytest.approx(position.stream.start_loss)
    assert start == position.stream.unit == position.stream.mean_loss


def test_codes_are_principal(make_recipe, learn, X):
    result, _ = learn(make_recipe(), X)
    covariance = np.cov(result.fitted.encode(X), rowvar=False)
    expected = np.diag(result.explained_variance)
    np.testing.assert_allclose(covariance, expected, atol=1e-4)


def test_later_codes_count_more(make_recipe, learn, X):
    _, position = learn(make_recipe(), X, X, X)
    # A fifth of 600 rows, and the 300 of the last chunk.
    assert position.stream.codes.n_rows == 120 + 300


def test_worse_rows_raise_the_unit(make_recipe, learn, X):
    recipe = make_recipe(standardize=False)
    _, position = learn(recipe, X[:5], X[5:])
    stream = position.stream
    assert stream.unit == stream.mean_loss > stream.start_loss


def test_wild_rows_count_once(make_recipe, learn, X):
    wild = X[:100].copy()
    wild[0] *= 1e6
    _, position = learn(make_recipe(), X[:100])
    _, changed = learn(make_recipe(learning_rate=1e-12), X[:100], wild)
    most = (100 * position.stream.mean_loss + 100 * (position.stream.unit + 0.01)) / 200
    assert changed.stream.mean_loss <= most


def test_exact_starts_make_no_step(make_recipe, learn, X):
    flat = X[:, :2] @ np.ones((2, 6))
    result, position = learn(make_recipe(n_components=1), flat[:100], flat[100:])
    assert result.state.best_epoch == 0
    assert len(result.state.losses) == 3
    assert position.stream.n_calls == 2
    assert position.stream.steps["n_steps"] == 0


def test_losses_of_chunks_must_be_finite(make_recipe, columns, X):
    recipe = make_recipe()
    position = begin_stream(recipe, columns, X)
    far = X.copy()
    far[0] = 1e30
    with pytest.raises(ValueError, match="in the units of the first chunk"):
        fit_chunk(recipe, position, far)
