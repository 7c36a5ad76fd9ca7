"""Classes from few labels."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from _pretraining_cases import LONG, make_classifier, scale_codes


@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 1, 1: 5, 2: 0.5}])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_start_is_logistic_regression_on_codes(X, few, frozen, n_classes, class_weight):
    if n_classes == 2:
        few = np.minimum(few, 1)
        class_weight = class_weight and "balanced"
    codes = scale_codes(frozen.transform(X))
    linear = LogisticRegression(max_iter=5000, class_weight=class_weight)
    linear.fit(codes[few >= 0], few[few >= 0])
    start = make_classifier(frozen, max_epochs=0, class_weight=class_weight).fit(X, few)
    np.testing.assert_allclose(
        start.predict_proba(X), linear.predict_proba(codes), rtol=1e-6, atol=1e-9
    )
    np.testing.assert_array_equal(start.predict(X), linear.predict(codes))
    np.testing.assert_allclose(
        start.decision_function(X), linear.decision_function(codes), atol=1e-7
    )


@pytest.mark.parametrize(
    "transformer", [PCA(2), make_pipeline(StandardScaler(), PCA(2))]
)
def test_any_transformer_gives_codes(X, few, transformer):
    fitted = make_classifier(transformer, max_epochs=0).fit(X, few)
    codes = clone(transformer).fit_transform(X)
    np.testing.assert_allclose(fitted.transform(X), codes)
    linear = LogisticRegression(max_iter=5000)
    linear.fit(scale_codes(codes)[few >= 0], few[few >= 0])
    np.testing.assert_allclose(
        fitted.predict_proba(X), linear.predict_proba(scale_codes(codes)), atol=1e-6
    )


def test_nonlinear_classes_are_learned(X, y, few, tuned, frozen):
    start = make_classifier(frozen, max_epochs=0).fit(X, few)
    assert tuned.score(X, y) > start.score(X, y) + 0.05


def test_unlabelled_rows_are_learned_from(X, few, frozen, tuned):
    labelled = make_classifier(frozen, **LONG, unlabelled_weight=0).fit(X, few)
    assert labelled.best_epoch_ > 0
    assert not np.array_equal(labelled.predict_proba(X), tuned.predict_proba(X))


def test_few_labels_keep_the_start(X, y, frozen):
    few = np.full(len(y), -1)
    few[:14] = y[:14]
    assert set(few) == {-1, 0, 1, 2}
    fitted = make_classifier(frozen).fit(X, few)
    assert fitted.validation_loss_curve_ is None
    assert fitted.best_epoch_ == fitted.n_epochs_ == 0
    np.testing.assert_array_equal(fitted.transform(X), frozen.transform(X))


def test_a_class_seen_once_is_learned(X, few, frozen):
    few = few.copy()
    few[0] = 7
    fitted = make_classifier(frozen).fit(X, few)
    assert fitted.classes_.tolist() == [0, 1, 2, 7]
    assert fitted.validation_loss_curve_ is not None
    assert fitted.predict_proba(X).shape == (len(X), 4)


def test_balanced_weights_find_a_rare_class(X, frozen):
    rare = (np.abs(X[:, 4]) > 2.7).astype(int)
    plain = make_classifier(frozen).fit(X, rare)
    balanced = make_classifier(frozen, class_weight="balanced").fit(X, rare)
    assert balanced.predict(X).sum() > plain.predict(X).sum()


def test_types_of_labels_change_nothing(X, few, frozen):
    names = np.array(["a", "b", "c"], dtype=object)[few]
    names[few < 0] = None
    expected = make_classifier(frozen).fit(X, few).predict_proba(X)
    for labels in (names, pd.Series(names), np.where(few < 0, np.nan, few)):
        fitted = make_classifier(frozen).fit(X, labels)
        np.testing.assert_array_equal(fitted.predict_proba(X), expected)


def test_probabilities_are_those_of_their_logarithms(X, tuned):
    probabilities = tuned.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(np.exp(tuned.predict_log_proba(X)), probabilities)
