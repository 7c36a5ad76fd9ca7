"""Fine-tuning on few labels, and the contract of both estimators."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Callback

from _pretraining_cases import AUTOENCODER, LONG, make_classifier, make_regressor
from sklearn_ae import (
    AutoencoderTransformer,
    ConvolutionalAutoencoder,
    PretrainedClassifier,
    SparseAutoencoder,
    VariationalAutoencoder,
)
from sklearn_ae._pretraining.fine_tune import _FEWEST_STEPS


@pytest.mark.parametrize(("n_rows", "expected"), [(10, 300), (320, 70), (6_400, 13)])
def test_auto_epochs_have_minimum_steps(n_rows, expected):
    options = PretrainedClassifier(batch_size=64)._recipe().training
    assert options.n_epochs(n_rows, _FEWEST_STEPS) == expected


@pytest.mark.extended
def test_none_means_the_default_autoencoder(X, few):
    fitted = make_classifier(None, max_epochs=0).fit(X[:30, :3], few[:30])
    defaults = clone(fitted.estimator_).set_params(random_state=None)
    assert defaults.get_params() == AutoencoderTransformer().get_params()


def test_codes_are_learned_from_all_rows(X, few, frozen):
    fitted = make_classifier(AUTOENCODER, max_epochs=0).fit(X, few)
    np.testing.assert_array_equal(fitted.transform(X), frozen.transform(X))


# Fine-tuning


@pytest.mark.parametrize("make", [make_classifier, make_regressor])
@pytest.mark.parametrize("held", ["autoencoder", "PCA"])
def test_validation_loss_never_exceeds_the_start(X, few, numbers, frozen, make, held):
    held = frozen if held == "autoencoder" else PCA(2)
    labels = few if make is make_classifier else numbers
    fitted = make(held, max_epochs=20).fit(X, labels)
    assert fitted.best_validation_loss_ <= fitted.start_validation_loss_
    assert len(fitted.loss_curve_) == fitted.n_epochs_ + 1


def test_fine_tuning_changes_no_frozen_estimator(X, few, tuned, frozen):
    assert tuned.estimator_ is frozen
    before = pickle.dumps(frozen)
    codes = frozen.transform(X)
    refitted = clone(tuned).fit(X, few)
    assert pickle.dumps(frozen) == before
    np.testing.assert_array_equal(frozen.transform(X), codes)
    assert np.abs(refitted.transform(X) - codes).max() > 1e-3


def test_zero_rate_keeps_the_encoder(X, few, frozen):
    options = LONG | {"max_epochs": 10, "encoder_learning_rate": 0.0}
    fitted = make_classifier(frozen, **options).fit(X, few)
    assert fitted.best_epoch_ > 0
    np.testing.assert_allclose(fitted.transform(X), frozen.transform(X), atol=1e-5)


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
    fitted = make_classifier(held, max_epochs=2).fit(X, few)
    assert np.isfinite(fitted.predict_proba(X)).all()


def test_mixed_tables_with_gaps_are_taken(pandas_frame):
    labels = pandas_frame.pop("size").astype(object)
    labels[::2] = None
    fitted = make_classifier(AUTOENCODER).fit(pandas_frame, labels)
    assert fitted.classes_.tolist() == ["l", "m", "s"]
    assert list(fitted.feature_names_in_) == list(pandas_frame.columns)


# The contract


@pytest.mark.parametrize("make", [make_classifier, make_regressor])
def test_same_seed_gives_same_bits(X, few, numbers, make):
    labels = few if make is make_classifier else numbers
    first, second = (
        make(clone(AUTOENCODER).set_params(random_state=None), max_epochs=3).fit(
            X, labels
        )
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
    with pytest.raises(ValueError, match="must be a finite array"):
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
def test_set_output_frames_codes_alone(X, tuned, library):
    framed = copy.copy(tuned).set_output(transform=library)
    codes = framed.transform(X)
    assert list(codes.columns) == tuned.get_feature_names_out().tolist()
    np.testing.assert_array_equal(codes, tuned.transform(X))
    np.testing.assert_array_equal(framed.predict_proba(X), tuned.predict_proba(X))


def test_sparse_codes_are_taken(X, few):
    sparse_codes = SparseAutoencoder(8, k=2, sparse_output=True, max_epochs=0)
    for held in (sparse_codes, make_pipeline(StandardScaler(), sparse_codes)):
        fitted = make_classifier(held, max_epochs=1).fit(X, few)
        assert fitted.transform(X).shape == (len(X), 8)
        assert np.isfinite(fitted.predict_proba(X)).all()


def test_sparse_rows_give_the_same(X, few):
    dense = make_classifier(AUTOENCODER, max_epochs=2).fit(X, few)
    rows = sparse.csr_array(X)
    compressed = make_classifier(AUTOENCODER, max_epochs=2).fit(rows, few)
    np.testing.assert_allclose(
        compressed.predict_proba(rows), dense.predict_proba(X), atol=1e-4
    )


def test_sub_estimator_parameters_can_be_searched(X, y):
    search = GridSearchCV(
        make_classifier(clone(AUTOENCODER).set_params(max_epochs=0), max_epochs=0),
        {"estimator__n_components": [1, 3]},
        cv=2,
    ).fit(X, X[:, 2] > 0)
    assert search.best_params_ == {"estimator__n_components": 3}


def test_codes_have_names(X, tuned):
    names = [f"pretrainedclassifier{number}" for number in range(3)]
    assert tuned.get_feature_names_out().tolist() == names


# Faults


def test_failed_fits_leave_the_former_fit(X, few, frozen):
    fitted = make_classifier(frozen, max_epochs=0).fit(X, few)
    before = fitted.predict_proba(X)
    with pytest.raises(ValueError, match="no labelled row"):
        fitted.fit(X, np.full(len(X), -1))
    with pytest.raises(ValueError, match="learning_rate"):
        fitted.set_params(max_epochs=5, head_learning_rate=1e20).fit(X, few)
    np.testing.assert_array_equal(fitted.predict_proba(X), before)


def test_a_failed_first_fit_leaves_nothing(X):
    estimator = make_classifier(PCA(2))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        estimator.fit(X, np.arange(len(X) - 1) % 2)
    with pytest.raises(NotFittedError):
        estimator.predict(X)


def test_layers_have_sizes(X, few):
    with pytest.raises(ValueError, match="head_layer_sizes must be integers"):
        make_classifier(PCA(2), head_layer_sizes=(0,)).fit(X, few)


def test_ctrl_c_keeps_the_best_epoch(X, few, frozen, press_ctrl_c):
    class Press(Callback):
        def on_epoch_end(self, net, **kwargs):
            if len(net.history) == 3:
                press_ctrl_c()

    estimator = make_classifier(frozen, callbacks=[Press()])
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(X, few)
    assert estimator.n_epochs_ <= 3
    assert estimator.predict(X).shape == (len(X),)
