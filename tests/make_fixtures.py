"""Write files of this version, which later versions must read.

``python -m pytest tests/make_fixtures.py`` writes ``tests/fixtures/VERSION``: a file of
each kind of estimator, the tables, and what the estimators made of them. Files of a
version that was released are never written again.
"""

import json
from pathlib import Path

import numpy as np
from sklearn.base import clone

from sklearn_ae import __version__

FOLDER = Path(__file__).parent / "fixtures" / __version__
N_ROWS = 24


def test_write_fixtures(saveable, tables, results, comparable):
    FOLDER.mkdir(parents=True, exist_ok=True)
    frame = tables["polars"].head(N_ROWS)
    (FOLDER / "frame.json").write_text(json.dumps(frame.to_dict(as_series=False)))
    np.save(FOLDER / "rows.npy", tables["numbers"][:N_ROWS])
    for name, (estimator, X) in saveable.items():
        if name == "detector":  # whose file grows with the rows
            estimator = clone(estimator).fit(X[:N_ROWS])
        estimator.save(FOLDER / f"{name}.ae")
        rows = X[:N_ROWS]
        np.savez_compressed(
            FOLDER / f"{name}.npz", **comparable(results(estimator, rows))
        )
