"""Noise in training, and nowhere else."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from skorch.callbacks import Callback

from _cases import QUICK
from sklearn_ae import AutoencoderTransformer, DenoisingAutoencoder
from sklearn_ae.nn import CORRUPTIONS

CELLS = ["masking", "swap"]  # noises that replace whole cells


def make(n_components=2, **parameters):
    return DenoisingAutoencoder(n_components, **(QUICK | parameters))


@pytest.fixture(params=CORRUPTIONS)
def noise(request):
    return request.param


@pytest.fixture(params=["numbers", "gaps", "mixed"])
def table(request):
    name = {"numbers": "X", "gaps": "gappy", "mixed": "pandas_frame"}[request.param]
    return request.getfixturevalue(name)


class Spy(Callback):
    """Take down every batch of training, and of validation apart."""

    def __init__(self):
        self.train, self.judged = [], []

    def on_batch_begin(self, net, batch, training, **kwargs):
        seen = self.train if training else self.judged
        seen.append([part.clone() for part in batch])

    def inputs(self):
        return torch.cat([x for x, _ in self.train])

    def targets(self):
        return torch.cat([target for _, target in self.train])


def spy_on(table, **parameters):
    spy = Spy()
    estimator = make(callbacks=[spy], **parameters).fit(table)
    return spy, estimator


def different(x, target):
    return ~torch.isclose(x, target, rtol=0, atol=0, equal_nan=True)


# Without noise it is the plain autoencoder


@pytest.mark.parametrize("noise_level", [0, (0, 0)], ids=str)
def test_level_zero_equals_the_plain_autoencoder(noise, table, noise_level):
    plain = AutoencoderTransformer(2, **QUICK).fit(table)
    silent = make(noise=noise, noise_level=noise_level).fit(table)
    assert plain.best_epoch_ > 0
    assert silent.transform(table).tobytes() == plain.transform(table).tobytes()
    assert silent.loss_curve_ == plain.loss_curve_
    assert silent.validation_loss_curve_ == plain.validation_loss_curve_
    assert silent.pca_validation_loss_ == plain.pca_validation_loss_


def test_codes_before_any_step_are_pcas(noise, X):
    codes = make(noise=noise, max_epochs=0).fit_transform(X)
    np.testing.assert_allclose(codes, PCA(2).fit_transform(X), atol=1e-10)


def test_noise_changes_what_is_learned(noise, X):
    plain = AutoencoderTransformer(2, early_stopping=False, **QUICK).fit_transform(X)
    noisy = make(noise=noise, early_stopping=False).fit_transform(X)
    assert not np.allclose(noisy, plain, atol=1e-2)


# What training sees


def test_targets_are_the_clean_rows(noise, X):
    spy, estimator = spy_on(X, noise=noise, early_stopping=False, max_epochs=1)
    clean = torch.from_numpy((X - estimator.mean_) / estimator.scale_).float()
    order = clean[:, 0].argsort()
    found = spy.targets()
    torch.testing.assert_close(found[found[:, 0].argsort()], clean[order])


def test_inputs_are_corrupted_rows(noise, table):
    spy, _ = spy_on(table, noise=noise, max_epochs=1)
    assert different(spy.inputs(), spy.targets()).any(dim=1).float().mean() > 0.4


@pytest.mark.parametrize("noise", CELLS)
@pytest.mark.parametrize("level", [0.1, 0.4])
def test_level_is_the_corrupted_fraction(X, noise, level):
    spy, _ = spy_on(X, noise=noise, noise_level=level, early_stopping=False)
    fraction = different(spy.inputs(), spy.targets()).float().mean().item()
    assert fraction == pytest.approx(level, abs=0.03)


@pytest.mark.parametrize("noise", CELLS)
def test_every_column_is_corrupted_alike(X, noise):
    spy, _ = spy_on(X, noise=noise, noise_level=0.3, early_stopping=False)
    fractions = different(spy.inputs(), spy.targets()).float().mean(dim=0)
    np.testing.assert_allclose(fractions, 0.3, atol=0.06)


def test_every_epoch_draws_new_noise(noise, X):
    spy, _ = spy_on(X, noise=noise, early_stopping=False, max_epochs=2)
    first, second = (
        {tuple(target.tolist()): x.tolist() for x, target in zip(*half, strict=True)}
        for half in (
            (spy.inputs()[:300], spy.targets()[:300]),
            (spy.inputs()[300:], spy.targets()[300:]),
        )
    )
    assert first.keys() == second.keys()
    same = [str(first[row]) == str(second[row]) for row in first]
    assert np.mean(same) < 0.6


def test_every_batch_draws_new_noise(noise, X):
    spy, _ = spy_on(X, noise=noise, early_stopping=False, max_epochs=1, batch_size=50)
    masks = [different(x, target) for x, target in spy.train]
    if noise == "gaussian":
        masks = [x - target for x, target in spy.train]
    assert len(masks) == 6
    assert not any(torch.equal(masks[0], mask) for mask in masks[1:])


def test_swaps_stay_within_columns(X):
    spy, _ = spy_on(X, noise_level=0.5, early_stopping=False, max_epochs=1)
    for x, target in spy.train:
        for column in range(6):
            assert torch.isin(x[:, column], target[:, column]).all()


def test_donors_are_drawn_for_each_column(X):
    spy, _ = spy_on(X, noise_level=1.0, early_stopping=False, max_epochs=1)
    x, target = spy.train[0]
    donors = (x.T[:, :, None] == target.T[:, None, :]).int().argmax(dim=2)
    assert (donors[0] == donors[1]).float().mean() < 0.3
    assert (donors != torch.arange(len(x))).all()


@pytest.mark.parametrize("noise", CELLS)
def test_blocks_of_indicators_stay_valid(pandas_frame, noise):
    spy, estimator = spy_on(pandas_frame, noise=noise, noise_level=0.5)
    for block in (slice(2, 7), slice(8, 11)):
        mean, scale = estimator.mean_[block], estimator.scale_[block]
        hot = spy.inputs()[:, block].numpy() * scale + mean
        sums = hot.sum(axis=1)
        whole = np.isnan(hot).all(axis=1) | ~np.isnan(hot).any(axis=1)
        assert whole.all()
        np.testing.assert_allclose(sums[~np.isnan(sums)], 1, atol=1e-5)
        near = np.minimum(np.abs(hot), np.abs(hot - 1))
        assert np.nanmax(near) < 1e-5


def test_masking_makes_cells_missing(pandas_frame):
    spy, estimator = spy_on(pandas_frame, noise="masking", noise_level=0.5)
    x, target = spy.inputs(), spy.targets()
    assert x[:, 7].isnan().float().mean().item() == pytest.approx(0.5, abs=0.05)
    assert not target[:, 7].isnan().any()
    # Colours know missing cells, a level of their own; sizes don't.
    colours = x[:, 2:7].numpy() * estimator.scale_[2:7] + estimator.mean_[2:7]
    share = np.mean(colours[:, 4] > 0.5)
    assert share == pytest.approx(0.5 + 0.5 * estimator.mean_[6], abs=0.06)
    assert not np.isnan(colours).any()
    assert x[:, 8:11].isnan().all(dim=1).float().mean().item() == pytest.approx(
        0.5, abs=0.05
    )


def test_masking_flags_every_masked_column(X):
    width = {
        noise: make(noise=noise, init="random")
        .fit(X)
        .module_.residual_encoder.hidden0.weight.shape[1]
        for noise in CORRUPTIONS
    }
    assert width == {"masking": 12, "swap": 6, "gaussian": 6}


@pytest.mark.parametrize("standardize", [False, True])
def test_gaussian_noise_has_column_units(X, standardize):
    table = X * [1, 1, 1, 1, 1, 10]
    spy, estimator = spy_on(
        table, noise="gaussian", noise_level=0.5, standardize=standardize, max_epochs=8
    )
    deviation = (spy.inputs() - spy.targets()).std(dim=0).numpy() * estimator.scale_
    expected = 0.5 * (table.std(axis=0) if standardize else estimator.scale_)
    np.testing.assert_allclose(deviation, expected, rtol=0.1)


@pytest.mark.parametrize("noise_level", [(0.1, 0.6), [0.1, 0.6]], ids=str)
def test_batches_draw_levels_from_ranges(X, noise_level):
    spy, _ = spy_on(
        X, noise="masking", noise_level=noise_level, batch_size=100, max_epochs=10
    )
    fractions = [x.isnan().float().mean().item() for x, _ in spy.train]
    assert 0.05 < min(fractions) < 0.2
    assert 0.5 < max(fractions) < 0.65


# What epochs are judged by


def test_validation_rows_are_corrupted_once(noise, X):
    spy, _ = spy_on(X, noise=noise, max_epochs=3)
    first, second, third = (x for x, _ in spy.judged)
    assert different(spy.judged[0][0], spy.judged[0][1]).any()
    assert not different(first, second).any()
    assert not different(first, third).any()


def test_validation_targets_are_the_clean_rows(noise, X):
    spy, _ = spy_on(X[:200], noise=noise, max_epochs=1)
    plain = Spy()
    AutoencoderTransformer(2, **QUICK, callbacks=[plain]).fit(X[:200])
    assert torch.equal(spy.judged[0][1], plain.judged[0][1])


def test_pca_is_judged_on_corrupted_rows(noise, X):
    spy, estimator = spy_on(X, noise=noise)
    x, target = (part.double().numpy() for part in spy.judged[0])
    encoded = (X - estimator.mean_) / estimator.scale_
    distances = np.abs(encoded[:, None] - target).max(axis=2)
    axes = PCA(2).fit(encoded[distances.min(axis=1) > 1e-5]).components_
    loss = np.mean((np.nan_to_num(x) @ axes.T @ axes - target) ** 2)
    assert estimator.pca_validation_loss_ == pytest.approx(loss, rel=1e-4)
    assert estimator.validation_loss_curve_[0] == pytest.approx(loss, rel=1e-4)


def test_noise_makes_the_judged_rows_harder(noise, X):
    plain = AutoencoderTransformer(2, **QUICK).fit(X)
    assert make(noise=noise).fit(X).pca_validation_loss_ > plain.pca_validation_loss_


def test_given_validation_rows_are_corrupted_too(noise, X):
    spy = Spy()
    make(noise=noise, callbacks=[spy]).fit(X[:200], X_val=X[200:])
    assert len(spy.judged[0][0]) == 100
    assert different(*spy.judged[0]).any()


def test_corrupted_error_never_exceeds_pca(noise, X):
    estimator = make(noise=noise, max_epochs=12).fit(X)
    assert estimator.best_validation_loss_ <= estimator.pca_validation_loss_


# Streams


def test_level_changes_no_split_or_order(noise, X):
    first, second = (
        spy_on(X, noise=noise, noise_level=level, max_epochs=1)[0]
        for level in (0.1, 0.3)
    )
    assert torch.equal(first.targets(), second.targets())
    assert torch.equal(first.judged[0][1], second.judged[0][1])


def test_level_changes_no_first_weight(noise, X):
    first, second = (
        make(noise=noise, noise_level=level, init="random", max_epochs=0)
        .fit(X)
        .module_.residual_encoder.hidden0.weight
        for level in (0.1, 0.3)
    )
    assert torch.equal(first, second)


@pytest.mark.parametrize("seed", [0, 1])
def test_noise_depends_on_the_seed_alone(noise, X, seed):
    first, second = (
        spy_on(X, noise=noise, random_state=seed, max_epochs=1)[0].inputs()
        for _ in range(2)
    )
    assert not different(first, second).any()


def test_training_and_validation_noise_are_independent(X):
    rows = X[:100]
    spy = Spy()
    estimator = make(noise="gaussian", batch_size=100, max_epochs=1, callbacks=[spy])
    estimator.fit(rows, X_val=rows)
    train = spy.train[0][0] - spy.train[0][1]
    judged = spy.judged[0][0] - spy.judged[0][1]
    assert abs(np.corrcoef(train.flatten(), judged.flatten())[0, 1]) < 0.2


# Afterwards


METHODS = ["transform", "reconstruct", "reconstruction_error", "impute", "score"]


@pytest.mark.parametrize("method", METHODS)
def test_there_is_no_noise_after_fit(noise, gappy, method):
    estimator = make(noise=noise).fit(gappy)
    first, second = (getattr(estimator, method)(gappy) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_the_module_has_no_noise(noise, X):
    module = make(noise=noise).fit(X).module_.train()
    rows = torch.tensor(X).float()
    assert torch.equal(module(rows), module(rows))


def test_reconstruct_denoises(X):
    rng = np.random.default_rng(0)
    noisy = X + 0.5 * rng.normal(size=X.shape)
    estimator = make(
        4, noise="gaussian", noise_level=0.4, max_epochs=30, hidden_layer_sizes=(64,)
    ).fit(X)
    left = np.mean((estimator.reconstruct(noisy) - X) ** 2)
    pca = PCA(4).fit(X)
    left_by_pca = np.mean((pca.inverse_transform(pca.transform(noisy)) - X) ** 2)
    assert left < 0.8 * left_by_pca


def test_masking_learns_to_fill_gaps(X):
    holes = np.random.default_rng(0).uniform(size=X.shape) < 0.2
    rows = np.where(holes, np.nan, X)
    estimator = make(
        4, noise="masking", noise_level=0.2, max_epochs=30, hidden_layer_sizes=(64,)
    ).fit(X)
    pca = make(4, max_epochs=0).fit(X)
    left, left_by_pca = (
        np.mean((model.impute(rows) - X)[holes] ** 2) for model in (estimator, pca)
    )
    assert left < 0.5 * left_by_pca


def test_linear_networks_train_on_noise(X):
    estimator = make(2, hidden_layer_sizes=(), noise_level=0.3).fit(X)
    assert estimator.n_epochs_ == 4


# Parameters

BAD_LEVELS = [
    ("swap", -0.1),
    ("swap", 1.1),
    ("masking", 2.0),
    ("masking", (0.1, 1.2)),
    ("gaussian", -1.0),
    ("gaussian", np.nan),
    ("gaussian", np.inf),
    ("swap", (0.3, 0.1)),
    ("swap", (0.1, 0.2, 0.3)),
    ("swap", (0.1,)),
    ("swap", ()),
    ("swap", "much"),
    ("swap", None),
    ("swap", ("a", "b")),
]


@pytest.mark.parametrize(("noise", "noise_level"), BAD_LEVELS)
def test_errors_name_impossible_levels(X, noise, noise_level):
    with pytest.raises(ValueError, match="noise_level"):
        make(noise=noise, noise_level=noise_level).fit(X)


def test_gaussian_noise_may_exceed_columns(X):
    assert make(noise="gaussian", noise_level=2.0).fit(X).score(X) <= 1


def test_errors_name_unknown_noises(X):
    with pytest.raises(ValueError, match="noise"):
        make(noise="salt").fit(X)
