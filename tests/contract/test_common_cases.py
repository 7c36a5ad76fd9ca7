"""Tables at the edge, for every public estimator."""

import re

import numpy as np
import pandas as pd
import pytest

from sklearn_ae import ConvolutionalAutoencoder


@pytest.mark.filterwarnings("ignore:.* distinct scores")
@pytest.mark.parametrize("shape", [(1, 3), (2, 3), (2, 1), (40, 1), (33, 3)], ids=str)
def test_smallest_tables_are_fitted_or_refused(case, X, shape):
    rows = X[: shape[0], 6 - shape[1] :]
    estimator = case.make(batch_size=shape[0] - 1 or 1)
    try:
        case.fit(estimator, rows)
    except ValueError as error:
        told = str(error)
    else:
        told = ""
    if shape[0] == 1 or told:
        assert re.search(r"\b1\b|one class|no labelled row", told)
        return
    for answer in case.answers(estimator, rows).values():
        assert np.isfinite(answer).all()


def test_columns_far_from_zero_survive(case, X):
    near = case.answers(case.fit(case.make(), X[:60]), X)
    far = case.answers(case.fit(case.make(), 1e9 + X[:60]), 1e9 + X)
    for name, answer in far.items():
        if name == "reconstruct":
            answer = answer - 1e9
        if name == "compress":
            continue
        scale = np.abs(near[name]).max()
        np.testing.assert_allclose(answer, near[name], atol=2e-3 * scale, err_msg=name)


def coloured(X, colours):
    return pd.DataFrame(X, columns=list("abcdef")).assign(
        colour=np.resize(np.array(colours, dtype=object), len(X)), f=X[:, 5]
    )


def test_unseen_categories_warn_or_raise(case, X):
    rows = coloured(X[:60], ["red", "blue"])[[*"abcde", "colour", "f"]]
    strange = rows.assign(colour="violet")
    estimator = case.make(max_epochs=1)
    if case.estimator_class is ConvolutionalAutoencoder:
        with pytest.raises(ValueError, match=r"without categories.*'colour'"):
            case.fit(estimator, rows)
        return
    case.fit(estimator, rows)
    told = r"'violet' \(column 'colour'\)"
    for name in case.methods:
        brief = case._replace(methods=(name,))
        with pytest.warns(UserWarning, match=told) as warned:
            brief.answers(estimator, strange)
        assert len(warned) == 1
    strict = next(n for n in estimator.get_params() if n.endswith("handle_unknown"))
    case.fit(estimator.set_params(**{strict: "error"}), rows)
    with pytest.raises(ValueError, match=told):
        case.answers(estimator, strange)
