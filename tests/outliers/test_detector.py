"""Outlier detection: exact oracles first, then what tables may hold."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.stats import spearmanr
from sklearn import config_context
from sklearn.base import clone
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ae import (
    AutoencoderTransformer,
    ReconstructionOutlierDetector,
    SparseAutoencoder,
    VariationalAutoencoder,
)

QUICK = {
    "hidden_layer_sizes": (16,),
    "max_epochs": 4,
    "batch_size": 64,
    # Of 300 rows, these are enough to judge by: one training instead of six.
    "validation_fraction": 0.2,
}


def quick(n_components=2, **parameters):
    return AutoencoderTransformer(n_components, random_state=0, **(QUICK | parameters))


def detector(estimator=None, **parameters):
    return ReconstructionOutlierDetector(estimator or PCA(2), **parameters)


@pytest.fixture(scope="module")
def gaussian():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2000, 2)) @ rng.normal(size=(2, 5))
    return rows + 0.3 * rng.normal(size=rows.shape)


@pytest.fixture(scope="module")
def contaminated(X):
    """The curve, and one row in ten whose cells come from different rows."""
    rng = np.random.default_rng(0)
    strange = np.column_stack([rng.permutation(column)[:30] for column in X.T])
    return np.vstack([X, strange]), np.repeat([0, 1], [len(X), 30])


def test_pca_scores_follow_mahalanobis_distance(gaussian):
    centred = gaussian - gaussian.mean(axis=0)
    inverse = np.linalg.inv(np.cov(gaussian.T))
    distance = np.einsum("ij,jk,ik->i", centred, inverse, centred)
    scores = detector(trimmed_fraction=0).fit(gaussian).score_samples(gaussian)
    assert spearmanr(-scores, distance).statistic > 0.9


def test_scales_change_no_score_after_scaling(gaussian):
    estimator = make_pipeline(StandardScaler(), PCA(2))
    expected = detector(estimator).fit(gaussian).score_samples(gaussian)
    units = 10.0 ** np.arange(-2, 3)
    scores = detector(estimator).fit(gaussian * units).score_samples(gaussian * units)
    np.testing.assert_allclose(scores, expected, rtol=1e-4)


def test_order_of_rows_changes_no_score(gaussian):
    rows = gaussian[:300]
    expected = detector().fit(rows).score_samples(rows)
    shuffled = np.random.default_rng(0).permutation(rows)
    np.testing.assert_allclose(
        detector().fit(shuffled).score_samples(rows), expected, rtol=1e-6
    )


@pytest.mark.parametrize("estimator", [PCA(2), quick()])
def test_scores_do_not_depend_on_neighbours(X, estimator):
    fitted = detector(estimator).fit(X)
    expected = fitted.score_samples(X)
    alone = np.concatenate([fitted.score_samples(X[i : i + 1]) for i in range(20)])
    np.testing.assert_allclose(alone, expected[:20], rtol=1e-6)
    np.testing.assert_allclose(fitted.score_samples(X[::-3]), expected[::-3], rtol=1e-6)


@pytest.mark.parametrize("contamination", [0.01, 0.1, 0.37, 0.5])
def test_contamination_is_the_share_of_outliers(X, contamination):
    fitted = detector(contamination=contamination).fit(X)
    n_outliers = np.count_nonzero(fitted.predict(X) == -1)
    assert n_outliers == pytest.approx(contamination * len(X), abs=1)


def test_outliers_have_negative_decisions(X):
    fitted = detector(quick()).fit(X)
    scores = fitted.score_samples(X)
    np.testing.assert_array_equal(fitted.decision_function(X), scores - fitted.offset_)
    np.testing.assert_array_equal(
        fitted.predict(X), np.where(scores < fitted.offset_, -1, 1)
    )
    np.testing.assert_array_equal(detector(quick()).fit_predict(X), fitted.predict(X))


@pytest.fixture(scope="module")
def fitted_to_curve(contaminated):
    network = quick(1, max_epochs=30, learning_rate=0.03, validation_fraction=0.1)
    return detector(network).fit(contaminated[0])


def test_unusual_combinations_of_cells_are_found(contaminated, fitted_to_curve):
    rows, strange = contaminated
    trained = fitted_to_curve.score_samples(rows)
    start = clone(fitted_to_curve.estimator).set_params(max_epochs=0)
    linear = detector(start).fit(rows).score_samples(rows)
    assert roc_auc_score(strange, -trained) > 0.8
    assert roc_auc_score(strange, -trained) > roc_auc_score(strange, -linear) + 0.02


@pytest.fixture(scope="module")
def drawn_away(gaussian):
    """Rows of which one in ten lies off their plane, so that PCA turns to them."""
    rng = np.random.default_rng(1)
    normal = gaussian[:900]
    direction = np.linalg.svd(normal)[2][-1]
    offset = rng.choice([-1, 1], (100, 1)) * rng.uniform(3, 6, (100, 1))
    return np.vstack([normal, gaussian[900:1000] + offset * direction])


def test_trimming_keeps_axes_from_outliers(drawn_away):
    clean = PCA(2).fit(drawn_away[:900]).components_
    plain, trimmed = (
        detector(trimmed_fraction=share).fit(drawn_away).estimator_.components_
        for share in (0, 0.1)
    )
    whole = np.sqrt(2)  # of two axes in their own plane
    assert np.linalg.norm(plain @ clean.T) < 0.98 * whole
    assert np.linalg.norm(trimmed @ clean.T) > 0.995 * whole


def test_trimming_lifts_detection(drawn_away):
    strange = np.arange(1000) >= 900
    plain, trimmed = (
        roc_auc_score(
            strange,
            -detector(trimmed_fraction=share).fit(drawn_away).score_samples(drawn_away),
        )
        for share in (0, 0.1)
    )
    assert plain < trimmed


def test_start_replaces_a_useless_network(gaussian):
    rows = gaussian[:300]
    fitted = detector(quick()).fit(rows)
    assert fitted.estimator_.max_epochs == 0
    expected = detector(quick(max_epochs=0)).fit(rows).score_samples(rows)
    np.testing.assert_array_equal(fitted.score_samples(rows), expected)
    assert fitted.estimator.max_epochs == 4


def test_networks_are_kept_on_a_curve(fitted_to_curve):
    assert fitted_to_curve.estimator_.max_epochs == 30


def test_networks_are_kept_without_trimming(gaussian):
    fitted = detector(quick(), trimmed_fraction=0).fit(gaussian[:300])
    assert fitted.estimator_.max_epochs == 4


def test_trimmed_rows_are_not_fitted_to(gaussian):
    fitted = detector(trimmed_fraction=0.25).fit(gaussian)
    assert fitted.estimator_.n_samples_ == 1500


def test_more_rows_than_codes_are_kept():
    rows = np.random.default_rng(0).normal(size=(6, 6))
    with np.errstate(all="ignore"):
        fitted = detector(PCA(6), trimmed_fraction=0.4).fit(rows)
    assert fitted.estimator_.n_samples_ == 6


def test_frozen_estimators_stay_as_they_are(X):
    pca = PCA(2).fit(X[:100])
    components = pca.components_.copy()
    fitted = detector(FrozenEstimator(pca)).fit(X)
    assert fitted.estimator_.estimator is pca
    np.testing.assert_array_equal(pca.components_, components)
    assert pca.n_samples_ == 100


OTHERS = {
    "pipeline": make_pipeline(StandardScaler(), PCA(2)),
    "autoencoder in a pipeline": make_pipeline(StandardScaler(), quick()),
    "sparse": SparseAutoencoder(12, k=2, random_state=0, **QUICK),
    "variational": VariationalAutoencoder(
        2, random_state=0, **(QUICK | {"max_epochs": 1})
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_transformers_will_do(X, name):
    rows = np.vstack([X, X[:1]])
    rows[-1, 3] = 30
    fitted = detector(OTHERS[name], contamination=0.01).fit(rows)
    assert fitted.score_samples(rows).argmin() == len(X)
    assert fitted.explain(rows[-1:]).iloc[0].argmax() == 3


def test_sparse_rows_score_as_dense_ones(X):
    table = np.where(np.abs(X) > 0.5, X, 0)
    expected = detector(quick(max_epochs=0)).fit(table).score_samples(table)
    for container in (sparse.csr_array, sparse.coo_array):
        rows = container(table)
        scores = detector(quick(max_epochs=0)).fit(rows).score_samples(rows)
        np.testing.assert_allclose(scores, expected, rtol=1e-4)


def test_other_transformers_take_sparse_rows(X):
    rows = sparse.csr_array(np.where(np.abs(X) > 0.5, X, 0))
    fitted = detector(TruncatedSVD(2, random_state=0)).fit(rows)
    assert np.isfinite(fitted.score_samples(rows)).all()


def test_sparse_frames_score_as_dense_ones(X):
    table = np.where(np.abs(X) > 0.5, X, 0)
    fitted = detector(PCA(2, svd_solver="arpack", random_state=0)).fit(table)
    frame = pd.DataFrame.sparse.from_spmatrix(sparse.csr_matrix(table))
    np.testing.assert_allclose(
        fitted.score_samples(frame), fitted.score_samples(table), rtol=1e-6
    )


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_output_containers_change_no_score(X, library):
    pytest.importorskip(library)
    expected = detector().fit(X)
    with config_context(transform_output=library):
        fitted = detector().fit(X)
        np.testing.assert_array_equal(
            fitted.score_samples(X), expected.score_samples(X)
        )
        np.testing.assert_array_equal(fitted.explain(X), expected.explain(X))


def test_frames_score_as_arrays(X):
    frame = pd.DataFrame(X, columns=list("abcdef"), index=np.arange(300) + 7)
    fitted = detector(quick()).fit(frame)
    expected = detector(quick()).fit(X).score_samples(X)
    np.testing.assert_allclose(fitted.score_samples(frame), expected, rtol=1e-6)
    assert list(fitted.feature_names_in_) == list("abcdef")
    shares = fitted.explain(frame)
    assert list(shares.columns) == list("abcdef")
    pd.testing.assert_index_equal(shares.index, frame.index)


@pytest.mark.parametrize("estimator", [PCA(2), quick()])
def test_shares_are_of_one(X, estimator):
    shares = detector(estimator).fit(X).explain(X)
    assert shares.shape == X.shape
    assert (shares >= 0).all(axis=None)
    np.testing.assert_allclose(shares.sum(axis=1), 1)


@pytest.mark.parametrize("estimator", [PCA(2), quick()])
def test_cells_far_off_have_largest_shares(X, estimator):
    fitted = detector(estimator).fit(X)
    for position in range(6):
        rows = X[:20].copy()
        rows[:, position] = 50
        shares = fitted.explain(rows).to_numpy()
        assert (shares.argmax(axis=1) == position).all()


@pytest.mark.parametrize("cell", [1e6, 1e9, 1e20])
def test_extreme_cells_hide_no_others(gaussian, cell):
    rows = gaussian[:200].copy()
    rows[0, 2] = cell
    fitted = detector().fit(rows)
    assert fitted.score_samples(rows).argmin() == 0
    far = gaussian[200:240].copy()
    far[:, 2] += 20
    assert (fitted.predict(far) == -1).all()


def test_both_libraries_score_mixed_tables(mixed):
    fitted = detector(quick()).fit(mixed)
    scores = fitted.score_samples(mixed)
    assert np.isfinite(scores).all()
    np.testing.assert_allclose(fitted.explain(mixed).sum(axis=1), 1)


def test_unseen_and_rare_categories_are_abnormal():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=300), "b": rng.normal(size=300)})
    frame["kind"] = ["rare"] * 3 + ["often", "also"] * 148 + ["often"]
    fitted = detector(quick(handle_unknown="ignore")).fit(frame)
    rows = frame.iloc[[5] * 3].assign(kind=["often", "rare", "new"])
    often, rare, new = fitted.score_samples(rows)
    assert often > max(rare, new)
    assert (fitted.explain(rows).idxmax(axis=1) == "kind")[1:].all()


def test_rare_categories_stay_in_training(cells):
    frame = pd.DataFrame({"a": np.r_[np.arange(59.0), 1e4], "b": np.arange(60.0) % 7})
    frame["kind"] = ["x", "y"] * 29 + ["x", "once"]
    fitted = detector(quick(handle_unknown="error")).fit(frame)
    assert np.isfinite(fitted.score_samples(frame)).all()


def test_gaps_have_average_scores(gappy):
    fitted = detector(quick()).fit(gappy)
    rows = np.full((1, 6), np.nan)
    rows[0, 0] = np.median(gappy[:, 0])
    share = np.mean(fitted.score_samples(gappy) < fitted.score_samples(rows))
    assert 0.2 < share < 0.999
    assert fitted.predict(rows) == 1
    shares = fitted.explain(rows).to_numpy()
    np.testing.assert_allclose(shares, [[1, 0, 0, 0, 0, 0]])


def test_copies_score_alike(X, copied):
    fitted = detector(quick()).fit(X)
    np.testing.assert_array_equal(
        copied(fitted).score_samples(X), fitted.score_samples(X)
    )


def test_clones_with_a_seed_score_alike(X):
    seeded = ReconstructionOutlierDetector(
        AutoencoderTransformer(**QUICK), random_state=3
    )
    expected = clone(seeded).fit(X).score_samples(X)
    np.testing.assert_array_equal(clone(seeded).fit(X).score_samples(X), expected)


def test_pickles_do_not_grow_with_rows(gaussian):
    sizes = [
        len(pickle.dumps(detector().fit(rows))) for rows in (gaussian[:1000], gaussian)
    ]
    assert sizes[1] < 1.1 * sizes[0]


def test_grid_search_sets_the_estimators_parameters(X):
    search = GridSearchCV(
        detector(),
        {"estimator__n_components": [1, 2]},
        scoring=lambda fitted, rows: fitted.score_samples(rows).mean(),
        cv=2,
    ).fit(X)
    assert search.best_estimator_.estimator_.n_components_ in (1, 2)


def test_scores_that_collapse_warn():
    rows = np.random.default_rng(0).integers(0, 2, (500, 2)).astype(float)
    with pytest.warns(UserWarning, match="only 4 distinct scores.*Use more columns"):
        detector(PCA(1)).fit(rows)


def test_ties_that_hide_outliers_warn():
    rows = np.repeat([[0.0, 1.0], [1.0, 3.0], [2.0, 0.0]], 50, axis=0)
    with pytest.warns(UserWarning, match="only 3 distinct scores") as told:
        fitted = detector(PCA(1)).fit(rows)
    assert (fitted.predict(rows) == 1).all()
    assert told[0].filename == __file__


@pytest.mark.parametrize("contamination", [0, -0.1, 0.51, 1, "auto"])
def test_contamination_is_at_most_a_half(X, contamination):
    with pytest.raises(ValueError, match="'contamination' parameter"):
        detector(contamination=contamination).fit(X)


def test_failed_fits_change_nothing(X):
    fitted = detector().fit(X)
    before = fitted.score_samples(X)
    with pytest.raises(ValueError, match="n_components"):
        fitted.set_params(estimator=PCA(9)).fit(X)
    np.testing.assert_array_equal(fitted.score_samples(X), before)


@pytest.mark.parametrize("estimator", [PCA(2), quick()])
def test_estimators_refuse_tables_without_rows(X, estimator):
    fitted = detector(estimator).fit(X)
    with pytest.raises(ValueError, match="0 sample"):
        fitted.score_samples(X[:0])


@pytest.mark.parametrize("method", ["predict", "explain", "score_samples"])
def test_unfitted_detectors_say_so(X, method):
    with pytest.raises(NotFittedError):
        getattr(detector(), method)(X)


def test_empty_columns_have_no_share(X):
    rows = X.copy()
    rows[:, 2] = np.nan
    shares = detector(quick()).fit(rows).explain(rows)
    assert (shares.iloc[:, 2] == 0).all()


def test_equal_rows_score_zero():
    rows = np.tile(np.random.default_rng(0).normal(size=12), (13, 1))
    network = AutoencoderTransformer(
        None, hidden_layer_sizes=4, activation="tanh", init="random", max_epochs=0
    )
    network.set_params(early_stopping=False, random_state=0)
    detector = ReconstructionOutlierDetector(network, random_state=0)
    with (
        pytest.warns(UserWarning, match="1 distinct score"),
        pytest.warns(UserWarning, match="constant"),
    ):
        detector.fit(rows)
    np.testing.assert_array_equal(detector.score_samples(rows), np.zeros(13))
