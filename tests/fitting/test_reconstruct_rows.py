import numpy as np
import pytest
import torch

from sklearn_ae import AutoencoderTransformer, DenoisingAutoencoder
from sklearn_ae._fitting.reconstruct_rows import RowReconstruction
from sklearn_ae._training.random import RandomStreams
from sklearn_ae.nn import observed_reconstruction_loss, reconstruction_loss


@pytest.fixture
def prepare(fit_table):
    """Prepare the rows of a plain table for an estimator with these parameters."""

    def make(n_rows=40, X_val=None, *, gaps=False, of=AutoencoderTransformer, **given):
        X = np.random.default_rng(0).normal(size=(n_rows, 3))
        if gaps:
            X[0, 1] = np.nan
        columns = fit_table(X).codec.schema
        recipe = of(2, **given)._recipe()
        problem = RowReconstruction(recipe, columns, X, X_val)
        return problem.prepare_data(recipe, RandomStreams(0))

    return make


def test_given_validation_rows_judge_alone(prepare):
    data = prepare(X_val=np.ones((7, 3)))
    assert data.validation_given
    assert len(data.split.validation_rows) == 7
    assert data.split.parts[0].tolist() == list(range(7))
    assert data.split.index.tolist() == list(range(40))


@pytest.mark.parametrize("n_val", [None, 7])
def test_without_early_stopping_no_rows_judge(prepare, n_val):
    X_val = None if n_val is None else np.ones((n_val, 3))
    data = prepare(X_val=X_val, early_stopping=False)
    assert data.split.parts == ()
    assert data.split.index.tolist() == list(range(40))


def test_noise_does_not_change_the_split(prepare):
    plain, noisy = prepare(), prepare(of=DenoisingAutoencoder)
    for one, other in zip(plain.split.parts, noisy.split.parts, strict=True):
        assert torch.equal(one, other)


def test_without_noise_rows_are_clean(prepare):
    data = prepare()
    assert data.split.rows is data.clean is data.split.validation_rows
    assert data.complete


def test_noise_is_in_inputs_alone(prepare):
    data = prepare(of=DenoisingAutoencoder, noise_level=0.5)
    for rows in (data.split.rows, data.split.validation_rows):
        inputs, targets = rows.take(data.split.index)
        assert not torch.equal(inputs, targets)
        assert torch.equal(targets, data.clean.take(data.split.index)[1])
    assert not data.complete


def test_noise_of_validation_rows_is_fixed(prepare):
    data = prepare(of=DenoisingAutoencoder, noise_level=0.5)
    first, again = (
        data.split.validation_rows.take(data.split.parts[1])[0] for _ in range(2)
    )
    assert torch.equal(first, again)


def test_masked_columns_are_flagged(prepare):
    assert prepare(gaps=True).gap_columns == (1,)
    assert prepare().gap_columns == ()
    masked = prepare(of=DenoisingAutoencoder, noise="masking")
    assert masked.gap_columns == (0, 1, 2)


@pytest.mark.parametrize("where", ["X", "X_val"])
def test_gaps_anywhere_count_observed_cells_alone(prepare, where):
    X_val = np.ones((4, 3))
    if where == "X_val":
        X_val[0, 0] = np.nan
    data = prepare(X_val=X_val, gaps=where == "X")
    assert data.loss.func is observed_reconstruction_loss
    assert prepare(X_val=np.ones((4, 3))).loss.func is reconstruction_loss


def test_empty_validation_rows_are_refused(prepare):
    with pytest.raises(ValueError, match="X_val must hold at least one cell"):
        prepare(X_val=np.full((4, 3), np.nan))
