import numpy as np
import pytest
import torch

from sklearn_ae._fitting.fit import fit_problem
from sklearn_ae._fitting.partial_fit import fit_chunk
from sklearn_ae._fitting.reconstruct_rows import RowReconstruction
from sklearn_ae._fitting.streams import (
    Published,
    begin_stream,
    resume_after_fit,
    resume_stream,
)
from sklearn_ae._training.random import RandomStreams
from sklearn_ae.nn import MaskingNoise


@pytest.fixture
def columns(fit_table, X):
    return fit_table(X).codec.schema


@pytest.fixture
def publish(columns, X):
    """Fit by a recipe, and return what an estimator would publish."""

    def run(recipe):
        problem = RowReconstruction(recipe, columns, X)
        result = fit_problem(
            recipe, problem, RandomStreams(0), None, lambda *arguments: None
        )
        state = result.state
        return Published(
            result.fitted, result.explained_variance, state.losses, state.best_epoch
        )

    return run


def outputs(module, codec, X):
    rows = torch.from_numpy(codec.encode(X, np.float32))
    with torch.no_grad():
        return module(rows)


def test_first_chunks_start_at_pca(make_recipe, columns, X):
    position = begin_stream(make_recipe(), columns, X)
    found = outputs(position.module, position.codec, X)
    rows = position.published.fitted.reconstruct(X)
    expected = torch.from_numpy(position.codec.encode(rows, np.float32))
    torch.testing.assert_close(found, expected)
    assert not position.module.is_linear
    assert not position.module.training


def test_first_chunks_publish_no_loss(make_recipe, columns, X):
    published = begin_stream(make_recipe(), columns, X).published
    assert (published.losses, published.best_epoch) == ([], 0)


@pytest.mark.parametrize(("init", "loss"), [("pca", None), ("random", 1.0)])
def test_streams_begin_without_rows(make_recipe, columns, X, init, loss):
    position = begin_stream(make_recipe(init=init), columns, X)
    stream = position.stream
    assert (stream.n_calls, stream.n_rows, stream.start_loss) == (0, 0, loss)
    assert stream.codes.n_rows == len(X)
    assert (position.published.fitted is None) == (init == "random")


def test_columns_that_noise_masks_are_flagged(make_recipe, columns, X):
    def masked(layout, generator):
        return MaskingNoise(layout, 0.5, generator=generator)

    position = begin_stream(make_recipe(noise=masked), columns, X)
    assert position.stream.network["gap_columns"] == tuple(range(6))


def test_trained_networks_go_on(make_recipe, publish, X):
    recipe = make_recipe(max_epochs=10, learning_rate=0.05)
    published = publish(recipe)
    assert published.best_epoch > 0
    position = resume_after_fit(recipe, published)
    arrays = position.module.state_dict()
    for name, array in published.fitted.arrays.items():
        np.testing.assert_array_equal(arrays[name].numpy(), array)


def test_linear_networks_get_hidden_layers(make_recipe, publish, X):
    recipe = make_recipe(max_epochs=0)
    published = publish(recipe)
    position = resume_after_fit(recipe, published)
    assert not position.module.is_linear
    found = outputs(position.module, position.codec, X)
    rows = published.fitted.reconstruct(X)
    expected = torch.from_numpy(position.codec.encode(rows, np.float32))
    torch.testing.assert_close(found, expected)


def test_a_linear_recipe_stays_linear(make_recipe, publish):
    recipe = make_recipe(max_epochs=0, hidden_layer_sizes=())
    assert resume_after_fit(recipe, publish(recipe)).module.is_linear


def test_streams_resume_after_the_last_chunk(make_recipe, columns, X):
    recipe = make_recipe()
    result = fit_chunk(recipe, begin_stream(recipe, columns, X), X)
    state = result.state
    published = Published(
        result.fitted, result.explained_variance, state.losses, state.best_epoch
    )
    position = resume_stream(recipe, published, result.attributes["_stream"])
    stream = position.stream
    assert (stream.n_calls, stream.n_rows) == (1, len(X))
    weights = torch.nn.utils.parameters_to_vector(position.module.parameters())
    assert torch.equal(weights.detach(), torch.from_numpy(stream.steps["average"]))
    found = outputs(position.module, position.codec, X)
    rows = published.fitted.reconstruct(X)
    expected = torch.from_numpy(position.codec.encode(rows, np.float32))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
