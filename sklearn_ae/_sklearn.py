"""The only importer of scikit-learn's private names."""

from sklearn.base import _fit_context
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import HasMethods, Interval, RealNotInt, StrOptions
from sklearn.utils.validation import _check_feature_names_in, _num_samples

# What scikit-learn keeps at an estimator: its callbacks, and of a fit its tasks.
CALLBACKS, TASKS = "_skl_callbacks", "_callback_fit_ctx"
OF_A_FIT = (TASKS, "_parent_callback_ctx", "_skl_callbacks_to_teardown")

__all__ = [
    "CALLBACKS",
    "OF_A_FIT",
    "TASKS",
    "HasMethods",
    "Interval",
    "RealNotInt",
    "StrOptions",
    "_check_feature_names_in",
    "_fit_context",
    "_num_samples",
    "_safe_indexing",
]
