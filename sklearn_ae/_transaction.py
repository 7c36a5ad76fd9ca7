"""A fit that fails leaves everything as it was."""

import contextlib
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def restored_on_error(estimator) -> Iterator[None]:
    """Leave the fitted attributes of an estimator as they were if the block raises."""
    before = _fitted_attributes(estimator)
    try:
        yield
    except BaseException:
        for name in _fitted_attributes(estimator):
            delattr(estimator, name)
        vars(estimator).update(before)
        raise


def _fitted_attributes(estimator) -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(estimator).items()
        if name == "_fitted" or (name.endswith("_") and not name.startswith("_"))
    }
