"""Mixins of all estimators, and fits that change nothing if they fail."""

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

SITE = "https://sklearn-ae.readthedocs.io/en/stable"


class LatentFeaturesMixin(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """Mixin of transformers into codes. They are fitted if they have `_fitted`."""

    @property
    def _n_features_out(self):
        return self.n_components_

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_fitted")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class DocLinkMixin:
    """Mixin of all estimators: links to their pages of the docs in notebooks."""

    _doc_link_module = "sklearn_ae"
    _doc_link_template = (
        f"{SITE}/reference/generated/{{estimator_module}}.{{estimator_name}}.html"
    )


@contextlib.contextmanager
def restore_on_error(estimator) -> Iterator[None]:
    """Restore the fitted attributes of an estimator if the block raises."""
    before = fitted_attributes(estimator)
    try:
        yield
    except BaseException:
        for name in fitted_attributes(estimator):
            delattr(estimator, name)
        vars(estimator).update(before)
        raise


@contextlib.contextmanager
def fit_transaction(estimator, tasks) -> Iterator[SimpleNamespace]:
    """Restore fitted attributes if a fit fails, and finish its tasks if it succeeds.

    If Ctrl-C ended training, the block assigns its result all the same, and stores the
    KeyboardInterrupt as `interruption` of the yielded object. It is raised again after
    the block.
    """
    outcome = SimpleNamespace(interruption=None)
    with restore_on_error(estimator):
        yield outcome
        if outcome.interruption is None:
            tasks.finish()
    if outcome.interruption is not None:
        raise outcome.interruption


def fitted_attributes(estimator) -> dict[str, Any]:
    """Return the attributes that fits assigned to an estimator, by name."""
    return {
        name: value
        for name, value in vars(estimator).items()
        if name in estimator._schema
        or (name.endswith("_") and not name.startswith("_"))
    }
