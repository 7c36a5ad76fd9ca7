import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from sklearn_ae import AutoencoderTransformer, DenoisingAutoencoder
from sklearn_ae._fitting.reconstruct_rows import RowReconstruction
from sklearn_ae._training.random import RandomStreams
from sklearn_ae._training.validation_split import _n_validation_rows
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


def rows_of(parts):
    return sorted(torch.cat(list(parts)).tolist())


@pytest.mark.parametrize(
    ("n_rows", "n_judged"),
    [(20, 5), (100, 25), (300, 50), (600, 60), (200_000, 10_000)],
)
def test_validation_rows_are_enough_for_a_fair_judge(n_rows, n_judged):
    assert _n_validation_rows(0.1, n_rows) == n_judged


@pytest.mark.parametrize("n_rows", [10, 11, 30, 100, 499])
def test_every_row_of_a_small_table_is_training_and_validation_row(prepare, n_rows):
    data = prepare(n_rows)
    assert len(data.split.parts) == 5
    assert (
        rows_of(data.split.parts) == rows_of([data.split.index]) == list(range(n_rows))
    )


def test_parts_are_of_nearly_one_size(prepare):
    sizes = [len(part) for part in prepare(42).split.parts]
    assert max(sizes) - min(sizes) <= 1


def test_parts_are_shuffled(prepare):
    first = prepare(40).split.parts[0].tolist()
    assert first != sorted(first)


@pytest.mark.parametrize(
    ("n_rows", "fraction", "n_parts"),
    [
        (9, 0.1, 1),
        (10, 0.1, 5),
        (499, 0.1, 5),
        (500, 0.1, 1),
        (500, 0.01, 1),
        (99, 0.5, 5),
        (100, 0.5, 1),
    ],
)
def test_parts_are_for_small_tables_of_which_too_few_rows_could_judge(
    prepare, n_rows, fraction, n_parts
):
    assert len(prepare(n_rows, validation_fraction=fraction).split.parts) == n_parts


@pytest.mark.parametrize(
    "watch", [{"callbacks": [Callback()]}, {"n_iter_no_change": 3}]
)
def test_one_part_is_set_aside_where_one_training_is_watched(prepare, watch):
    data = prepare(**watch)
    assert len(data.split.parts) == 1
    assert rows_of([*data.split.parts, data.split.index]) == list(range(40))


def test_rows_that_are_set_aside_are_not_trained_on(prepare):
    data = prepare(500)
    assert len(data.split.parts[0]) == 50
    assert rows_of([*data.split.parts, data.split.index]) == list(range(500))


def test_given_validation_rows_judge_alone(prepare):
    data = prepare(X_val=np.ones((7, 3)))
    assert data.judged_apart
    assert len(data.split.judged) == 7
    assert rows_of(data.split.parts) == list(range(7))
    assert rows_of([data.split.index]) == list(range(40))


@pytest.mark.parametrize("n_val", [None, 7])
def test_without_early_stopping_no_rows_judge(prepare, n_val):
    X_val = None if n_val is None else np.ones((n_val, 3))
    data = prepare(X_val=X_val, early_stopping=False)
    assert data.split.parts == ()
    assert rows_of([data.split.index]) == list(range(40))


def test_split_depends_on_nothing_but_the_seed(prepare):
    plain, noisy = prepare(), prepare(of=DenoisingAutoencoder)
    for one, other in zip(plain.split.parts, noisy.split.parts, strict=True):
        assert torch.equal(one, other)


def test_rows_without_noise_are_the_clean_ones(prepare):
    data = prepare()
    assert data.split.rows is data.clean is data.split.judged
    assert data.complete


def test_noise_is_in_inputs_alone(prepare):
    data = prepare(of=DenoisingAutoencoder, noise_level=0.5)
    for rows in (data.split.rows, data.split.judged):
        inputs, targets = rows.take(data.split.index)
        assert not torch.equal(inputs, targets)
        assert torch.equal(targets, data.clean.take(data.split.index)[1])
    assert not data.complete


def test_noise_of_validation_rows_is_fixed(prepare):
    data = prepare(of=DenoisingAutoencoder, noise_level=0.5)
    first, again = (data.split.judged.take(data.split.parts[1])[0] for _ in range(2))
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


def test_validation_rows_without_a_cell_are_refused(prepare):
    with pytest.raises(ValueError, match="X_val must hold at least one cell"):
        prepare(X_val=np.full((4, 3), np.nan))
