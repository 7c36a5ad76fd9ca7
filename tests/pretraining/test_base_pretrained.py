"""Fine-tuning on few labels: exact oracles first, then the contract."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Callback

from sklearn_ae import (
    AutoencoderTransformer,
    ConvolutionalAutoencoder,
    PretrainedClassifier,
    PretrainedRegressor,
    SparseAutoencoder,
    VariationalAutoencoder,
)
from sklearn_ae._pretraining.fine_tune import _n_epochs

HELD = AutoencoderTransformer(
    3,
    hidden_layer_sizes=(16,),
    max_epochs=4,
    batch_size=64,
    validation_fraction=0.2,
    random_state=0,
)
BRIEF = {"head_layer_sizes": (16,), "max_epochs": 6, "random_state": 0}
LONG = {"max_epochs": 30, "batch_size": 16, "head_learning_rate": 0.05}
ALPHAS = np.logspace(-3, 4, 15)


@pytest.fixture(scope="session")
def y(X):
    """Three classes of the curve, no code's linear function."""
    return np.digitize(np.sin(3 * X[:, 4]), [-0.5, 0.5])


@pytest.fixture(scope="session")
def few(y):
    """The same, of which a third is labelled."""
    return np.where(np.arange(len(y)) % 3 == 0, y, -1)


@pytest.fixture(scope="session")
def numbers(X):
    """A number a row, of which a third is known."""
    known = np.arange(len(X)) % 3 == 0
    return np.where(known, 100 + 7 * np.sin(3 * X[:, 4]), np.nan)


@pytest.fixture(scope="session")
def frozen(X):
    """An autoencoder that was trained before."""
    autoencoder = clone(HELD).fit(X)
    assert autoencoder.best_epoch_ > 0
    return FrozenEstimator(autoencoder)


def classifier(estimator, **parameters):
    return PretrainedClassifier(estimator, **(BRIEF | parameters))


def regressor(estimator, **parameters):
    return PretrainedRegressor(estimator, **(BRIEF | parameters))


@pytest.fixture(scope="session")
def tuned(X, few, frozen):
    """A classifier that left its start."""
    fitted = classifier(frozen, **LONG).fit(X, few)
    assert fitted.best_epoch_ > 0
    return fitted


def scaled(codes):
    centred = codes - codes.mean(axis=0)
    return centred / np.sqrt(codes.var(axis=0).mean())


@pytest.mark.parametrize(("n_rows", "expected"), [(10, 300), (320, 70), (6_400, 13)])
def test_automatic_epochs_are_no_few_steps(n_rows, expected):
    estimator = PretrainedClassifier(batch_size=64)
    assert _n_epochs(estimator, n_rows) == expected


@pytest.mark.extended
def test_unlabelled_rows_are_learned_from(X, few, frozen, tuned):
    labelled = classifier(frozen, **LONG, unlabelled_weight=0).fit(X, few)
    assert labelled.best_epoch_ > 0
    assert not np.array_equal(labelled.predict_proba(X), tuned.predict_proba(X))


# The start


@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 1, 1: 5, 2: 0.5}])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_start_is_logistic_regression_on_codes(
    X, few, frozen, n_classes, class_weight
):
    if n_classes == 2:
        few = np.minimum(few, 1)
        class_weight = class_weight and "balanced"
    codes = scaled(frozen.transform(X))
    linear = LogisticRegression(max_iter=5000, class_weight=class_weight)
    linear.fit(codes[few >= 0], few[few >= 0])
    start = classifier(frozen, max_epochs=0, class_weight=class_weight).fit(X, few)
    np.testing.assert_allclose(
        start.predict_proba(X), linear.predict_proba(codes), rtol=1e-6, atol=1e-9
    )
    np.testing.assert_array_equal(start.predict(X), linear.predict(codes))
    np.testing.assert_allclose(
        start.decision_function(X), linear.decision_function(codes), atol=1e-7
    )


@pytest.mark.parametrize("n_outputs", [None, 1, 2])
def test_the_start_is_ridge_regression_on_codes(X, numbers, frozen, n_outputs):
    if n_outputs:
        numbers = np.column_stack([numbers, -(numbers**2)][:n_outputs])
    known = ~np.isnan(numbers.reshape(len(X), -1)).any(axis=1)
    codes, target = scaled(frozen.transform(X)), numbers[known]
    mean, scale = target.mean(axis=0), target.std(axis=0)
    linear = RidgeCV(ALPHAS).fit(codes[known], (target - mean) / scale)
    start = regressor(frozen, max_epochs=0).fit(X, numbers)
    expected = linear.predict(codes).reshape(start.predict(X).shape) * scale + mean
    np.testing.assert_allclose(start.predict(X), expected, rtol=1e-6)


@pytest.mark.parametrize(
    "transformer", [PCA(2), make_pipeline(StandardScaler(), PCA(2))]
)
def test_any_transformer_gives_codes(X, few, transformer):
    fitted = classifier(transformer, max_epochs=0).fit(X, few)
    codes = clone(transformer).fit_transform(X)
    np.testing.assert_allclose(fitted.transform(X), codes)
    linear = LogisticRegression(max_iter=5000)
    linear.fit(scaled(codes)[few >= 0], few[few >= 0])
    np.testing.assert_allclose(
        fitted.predict_proba(X), linear.predict_proba(scaled(codes)), atol=1e-6
    )


@pytest.mark.extended
def test_none_is_the_autoencoder_with_its_defaults(X, few):
    fitted = classifier(None, max_epochs=0).fit(X[:30, :3], few[:30])
    defaults = clone(fitted.estimator_).set_params(random_state=None)
    assert defaults.get_params() == AutoencoderTransformer().get_params()


def test_codes_are_learned_from_all_rows(X, few, frozen):
    fitted = classifier(HELD, max_epochs=0).fit(X, few)
    np.testing.assert_array_equal(fitted.transform(X), frozen.transform(X))


# Fine-tuning


@pytest.mark.parametrize("make", [classifier, regressor])
@pytest.mark.parametrize("held", ["autoencoder", "PCA"])
def test_never_worse_than_the_start_on_validation_rows(
    X, few, numbers, frozen, make, held
):
    held = frozen if held == "autoencoder" else PCA(2)
    labels = few if make is classifier else numbers
    fitted = make(held, max_epochs=20).fit(X, labels)
    assert fitted.best_validation_loss_ <= fitted.start_validation_loss_
    assert len(fitted.loss_curve_) == fitted.n_epochs_ + 1


def test_what_is_not_linear_is_learned(X, y, few, tuned, frozen):
    start = classifier(frozen, max_epochs=0).fit(X, few)
    assert tuned.score(X, y) > start.score(X, y) + 0.05


def test_the_encoder_is_tuned_and_a_frozen_one_is_not_changed(X, few, tuned, frozen):
    assert tuned.estimator_ is frozen
    before = pickle.dumps(frozen)
    codes = frozen.transform(X)
    refitted = clone(tuned).fit(X, few)
    assert pickle.dumps(frozen) == before
    np.testing.assert_array_equal(frozen.transform(X), codes)
    assert np.abs(refitted.transform(X) - codes).max() > 1e-3


def test_without_a_rate_the_encoder_stays(X, few, frozen):
    options = LONG | {"max_epochs": 10, "encoder_learning_rate": 0.0}
    fitted = classifier(frozen, **options).fit(X, few)
    assert fitted.best_epoch_ > 0
    np.testing.assert_allclose(fitted.transform(X), frozen.transform(X), atol=1e-5)


def test_below_five_labels_a_class_nothing_is_tuned(X, y, frozen):
    few = np.full(len(y), -1)
    few[:14] = y[:14]
    assert set(few) == {-1, 0, 1, 2}
    fitted = classifier(frozen).fit(X, few)
    assert fitted.validation_loss_curve_ is None
    assert fitted.best_epoch_ == fitted.n_epochs_ == 0
    np.testing.assert_array_equal(fitted.transform(X), frozen.transform(X))


def test_a_class_seen_once_is_learned(X, few, frozen):
    few = few.copy()
    few[0] = 7
    fitted = classifier(frozen).fit(X, few)
    assert fitted.classes_.tolist() == [0, 1, 2, 7]
    assert fitted.validation_loss_curve_ is not None
    assert fitted.predict_proba(X).shape == (len(X), 4)


def test_balanced_weights_find_a_rare_class(X, frozen):
    rare = (np.abs(X[:, 4]) > 2.7).astype(int)
    plain = classifier(frozen).fit(X, rare)
    balanced = classifier(frozen, class_weight="balanced").fit(X, rare)
    assert balanced.predict(X).sum() > plain.predict(X).sum()


@pytest.mark.parametrize(
    "held",
    [
        ConvolutionalAutoencoder(2, input_shape=(6,), channels=(2,), max_epochs=1),
        SparseAutoencoder(8, k=2, max_epochs=1),
        VariationalAutoencoder(2, hidden_layer_sizes=(8,), max_epochs=0),
    ],
    ids=lambda held: type(held).__name__,
)
def test_every_autoencoder_can_be_held(X, few, held):
    fitted = classifier(held, max_epochs=2).fit(X, few)
    assert np.isfinite(fitted.predict_proba(X)).all()


def test_mixed_tables_with_gaps_are_taken(pandas_frame):
    labels = pandas_frame.pop("size").astype(object)
    labels[::2] = None
    fitted = classifier(HELD).fit(pandas_frame, labels)
    assert fitted.classes_.tolist() == ["l", "m", "s"]
    assert list(fitted.feature_names_in_) == list(pandas_frame.columns)


# The contract


def test_labels_of_any_type_give_the_same(X, few, frozen):
    names = np.array(["a", "b", "c"], dtype=object)[few]
    names[few < 0] = None
    expected = classifier(frozen).fit(X, few).predict_proba(X)
    for labels in (names, pd.Series(names), np.where(few < 0, np.nan, few)):
        fitted = classifier(frozen).fit(X, labels)
        np.testing.assert_array_equal(fitted.predict_proba(X), expected)


@pytest.mark.parametrize("make", [classifier, regressor])
def test_the_same_seed_gives_the_same_bits(X, few, numbers, make):
    labels = few if make is classifier else numbers
    first, second = (
        make(clone(HELD).set_params(random_state=None), max_epochs=3).fit(X, labels)
        for _ in range(2)
    )
    np.testing.assert_array_equal(first._scores(X), second._scores(X))


def test_pickles_predict_the_same(X, tuned, copied):
    np.testing.assert_array_equal(
        copied(tuned).predict_proba(X), tuned.predict_proba(X)
    )


def test_pickles_hold_arrays_and_plain_values(tuned, pickled_names):
    packages = {package for package, _ in pickled_names(tuned._fitted)}
    assert packages <= {"sklearn_ae", "numpy", "copyreg", "builtins", "_codecs"}


def test_a_damaged_state_is_refused(tuned):
    state = tuned._fitted.head.__getstate__()
    state["arrays"] = state["arrays"] | {"mean": np.full(3, np.nan)}
    with pytest.raises(ValueError, match="must be finite"):
        tuned._fitted.head.__setstate__(state)


def test_threads_predict_the_same(X, tuned):
    expected = tuned.predict_proba(X)
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(tuned.predict_proba, [X] * 32):
            np.testing.assert_array_equal(found, expected)


def test_float32_rows_give_float32_codes(X, tuned):
    codes = tuned.transform(X.astype(np.float32))
    assert codes.dtype == np.float32
    np.testing.assert_allclose(codes, tuned.transform(X), atol=1e-4)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_codes_come_in_frames_and_predictions_in_arrays(X, tuned, library):
    framed = copy.copy(tuned).set_output(transform=library)
    codes = framed.transform(X)
    assert list(codes.columns) == tuned.get_feature_names_out().tolist()
    np.testing.assert_array_equal(codes, tuned.transform(X))
    np.testing.assert_array_equal(framed.predict_proba(X), tuned.predict_proba(X))


def test_sparse_codes_are_taken(X, few):
    sparse_codes = SparseAutoencoder(8, k=2, sparse_output=True, max_epochs=0)
    for held in (sparse_codes, make_pipeline(StandardScaler(), sparse_codes)):
        fitted = classifier(held, max_epochs=1).fit(X, few)
        assert fitted.transform(X).shape == (len(X), 8)
        assert np.isfinite(fitted.predict_proba(X)).all()


def test_sparse_rows_give_the_same(X, few):
    dense = classifier(HELD, max_epochs=2).fit(X, few)
    rows = sparse.csr_array(X)
    compressed = classifier(HELD, max_epochs=2).fit(rows, few)
    np.testing.assert_allclose(
        compressed.predict_proba(rows), dense.predict_proba(X), atol=1e-4
    )


def test_parameters_of_what_is_held_can_be_searched(X, y):
    search = GridSearchCV(
        classifier(clone(HELD).set_params(max_epochs=0), max_epochs=0),
        {"estimator__n_components": [1, 3]},
        cv=2,
    ).fit(X, X[:, 2] > 0)
    assert search.best_params_ == {"estimator__n_components": 3}


def test_codes_have_names(X, tuned):
    names = [f"pretrainedclassifier{number}" for number in range(3)]
    assert tuned.get_feature_names_out().tolist() == names


def test_probabilities_are_those_of_their_logarithms(X, tuned):
    probabilities = tuned.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(np.exp(tuned.predict_log_proba(X)), probabilities)


# Faults


def test_a_failed_fit_leaves_everything_as_it_was(X, few, frozen):
    fitted = classifier(frozen, max_epochs=0).fit(X, few)
    before = fitted.predict_proba(X)
    with pytest.raises(ValueError, match="no labelled row"):
        fitted.fit(X, np.full(len(X), -1))
    with pytest.raises(ValueError, match="learning_rate"):
        fitted.set_params(max_epochs=5, head_learning_rate=1e20).fit(X, few)
    np.testing.assert_array_equal(fitted.predict_proba(X), before)


def test_a_failed_first_fit_leaves_nothing(X):
    estimator = classifier(PCA(2))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        estimator.fit(X, np.arange(len(X) - 1) % 2)
    with pytest.raises(NotFittedError):
        estimator.predict(X)


def test_layers_have_sizes(X, few):
    with pytest.raises(ValueError, match="head_layer_sizes must be integers"):
        classifier(PCA(2), head_layer_sizes=(0,)).fit(X, few)


def test_ctrl_c_keeps_the_best_epoch(X, few, frozen, press_ctrl_c):
    class Press(Callback):
        def on_epoch_end(self, net, **kwargs):
            if len(net.history) == 3:
                press_ctrl_c()

    estimator = classifier(frozen, callbacks=[Press()])
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(X, few)
    assert estimator.n_epochs_ <= 3
    assert estimator.predict(X).shape == (len(X),)


@pytest.mark.parametrize("n_labels", [1, 2, 9])
def test_few_numbers_are_enough_for_a_start(X, numbers, frozen, n_labels):
    some = np.full(len(X), np.nan)
    some[:n_labels] = X[:n_labels, 4]
    fitted = regressor(frozen).fit(X, some)
    assert fitted.validation_loss_curve_ is None
    assert np.isfinite(fitted.predict(X)).all()
