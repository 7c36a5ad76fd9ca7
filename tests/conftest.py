import os

# scipy reads it once: without it check_array_api_input skips itself.
os.environ["SCIPY_ARRAY_API"] = "1"

import copy
import gc
import io
import pickle
import signal
from functools import partial

import joblib
import numpy as np
import pytest
from hypothesis import settings
from sklearn.frozen import FrozenEstimator

from _cases import CASES, all_results, make_quick
from _selection import EXTENDED_FILES, NOT_MEASURED, estimators_of, marks_of
from _tables import (
    FRAMES,
    add_gaps,
    as_arrays,
    as_pandas,
    as_polars,
    assert_equal,
    make_curve,
    make_mixed_cells,
    make_outputs,
    make_pictures,
)
from sklearn_ae import (
    AutoencoderTransformer,
    CodeCompressor,
    ConvolutionalAutoencoder,
    DenoisingAutoencoder,
    EncoderDecoderRegressor,
    PretrainedClassifier,
    PretrainedRegressor,
    ReconstructionOutlierDetector,
    SparseAutoencoder,
    VariationalAutoencoder,
)
from sklearn_ae._persistence import archive
from sklearn_ae._tables.codec import fit_codec
from sklearn_ae._tables.schema_inference import infer_schema
from sklearn_ae._training import checkpoint

# The same examples every time; ``make test-long`` draws others, and more.
ALWAYS = {"database": None, "deadline": None}
settings.register_profile("ordinary", max_examples=20, derandomize=True, **ALWAYS)
settings.register_profile("long", max_examples=500, print_blob=True, **ALWAYS)
settings.load_profile("ordinary")


def pytest_generate_tests(metafunc):
    """Give tests that take `estimator_class` the estimators of their file."""
    marked = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    if "estimator_class" in metafunc.fixturenames and "estimator_class" not in marked:
        chosen = estimators_of(metafunc.module)
        metafunc.parametrize("estimator_class", chosen, scope="session")


def pytest_collection_finish():
    """Spare the garbage collector all imported modules: a tenth of the time."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.stem.startswith(EXTENDED_FILES):
            item.add_marker("extended")
        if item.path.parent.name != "nn" and item.path.stem.startswith(NOT_MEASURED):
            item.add_marker("no_cover")


# Estimators


@pytest.fixture
def quick(estimator_class):
    """Make an estimator that trains in a moment and leaves PCA on `X`."""
    return partial(make_quick, estimator_class)


@pytest.fixture
def noiseless(quick, estimator_class):
    """Make the same without noise, so that losses are those of the rows as given."""
    silent = {DenoisingAutoencoder: {"noise_level": 0}}.get(estimator_class, {})
    return lambda *arguments, **parameters: quick(*arguments, **(silent | parameters))


@pytest.fixture(
    params=[
        pytest.param(
            case,
            marks=marks_of(case.estimator_class),
            id=case.estimator_class.__name__,
        )
        for case in CASES
    ]
)
def case(request):
    """Each of the public estimators."""
    return request.param


@pytest.fixture
def cases():
    """All public estimators, for tests that start one process."""
    return CASES


@pytest.fixture(scope="session")
def once():
    """Make a thing the first time it is asked for, and give a copy every time."""
    pickles = {}

    def copy_of(key, make):
        if key not in pickles:
            pickles[key] = pickle.dumps(make())
        return pickle.loads(pickles[key])

    return copy_of


@pytest.fixture(params=["start", "trained"])
def fitted(request, estimator_class, quick, X, once):
    """An estimator that kept PCA, and one that left it."""
    max_epochs = 0 if request.param == "start" else 4
    estimator = once(
        (estimator_class, max_epochs), lambda: quick(max_epochs=max_epochs).fit(X)
    )
    assert (estimator.best_epoch_ > 0) == (request.param == "trained")
    return estimator


# Tables


@pytest.fixture(scope="session", name="X")
def curve():
    """Rows near a curve in six dimensions."""
    return make_curve()


@pytest.fixture(scope="session")
def pairs(X):
    """Inputs, and outputs that are no linear function of them."""
    return X, make_outputs(X)


@pytest.fixture(scope="session")
def pictures():
    """Small pictures and large ones of the same discs."""
    return make_pictures()


@pytest.fixture(scope="session")
def gappy(X):
    """The same rows, a tenth of the cells missing in every column but the first."""
    return add_gaps(X)


@pytest.fixture(scope="session")
def cells(gappy):
    """Columns of a mixed table as lists, None where a cell is missing."""
    return make_mixed_cells(gappy)


@pytest.fixture(params=FRAMES)
def mixed(request, cells):
    """A mixed table as a frame of each library."""
    return FRAMES[request.param](cells)


@pytest.fixture
def pandas_frame(cells):
    """The mixed table as a pandas frame."""
    return as_pandas(cells)


@pytest.fixture(scope="session")
def fit_table():
    """Fit a codec to a table."""

    def fit(
        X,
        *,
        names=None,
        standardize=False,
        categorical_features="from_dtype",
        max_categories=None,
    ):
        names = names or [f"x{i}" for i in range(X.shape[1])]
        columns, numbers = infer_schema(X, names, categorical_features, max_categories)
        return fit_codec(columns, numbers, standardize=standardize)

    return fit


# Copies and files


def through_joblib(estimator, path, mmap_mode=None):
    joblib.dump(estimator, path)
    return joblib.load(path, mmap_mode=mmap_mode)


COPIES = {
    "pickle": lambda estimator, _: pickle.loads(pickle.dumps(estimator)),
    "deepcopy": lambda estimator, _: copy.deepcopy(estimator),
    "joblib": through_joblib,
    "memory map": lambda estimator, path: through_joblib(estimator, path, "r"),
}


@pytest.fixture(params=COPIES)
def copied(request, tmp_path):
    """Copy an estimator in one of the ways people do."""
    return lambda estimator: COPIES[request.param](
        estimator, tmp_path / "estimator.joblib"
    )


class Lister(pickle.Unpickler):
    """Note the names that a pickle imports."""

    def __init__(self, file):
        super().__init__(file)
        self.names = set()

    def find_class(self, module, name):
        self.names.add((module.split(".")[0], name))
        return super().find_class(module, name)


@pytest.fixture
def pickled_names():
    """List the packages and names that the pickle of an object imports."""

    def names(thing):
        lister = Lister(io.BytesIO(pickle.dumps(thing)))
        lister.load()
        return lister.names

    return names


ONE_EPOCH = {"max_epochs": 1, "early_stopping": False, "random_state": 0}
TRAINED = ONE_EPOCH | {"hidden_layer_sizes": (3,)}
tiny = partial(AutoencoderTransformer, 2, **TRAINED)


@pytest.fixture(scope="session")
def tables(cells):
    """Tables of some rows: numbers, and frames with categories and gaps."""
    frame, numbers = as_pandas(cells).iloc[:60], np.arange(60.0)
    rows = np.column_stack([np.sin(numbers), np.cos(numbers), numbers % 7, numbers])
    return {"numbers": rows, "pandas": frame, "polars": as_polars(cells).head(60)}


@pytest.fixture(scope="session")
def saveable(tables):
    """Fitted estimators of every public class, with the table that each was given."""
    rows, frame = tables["numbers"], tables["pandas"]
    head = ONE_EPOCH | {"head_layer_sizes": (2,)}
    convolutional = {"input_shape": (4,), "channels": (2,)} | TRAINED
    shapes = {"input_shape": (4,), "output_shape": (8,), "hidden_channels": (2,)}
    fitted = {
        "plain": (tiny(), rows),
        "pandas": (tiny().set_output(transform="pandas"), frame),
        "polars": (tiny(), tables["polars"]),
        "levels": (tiny(categorical_features=[2], max_categories=5), rows),
        "denoising": (DenoisingAutoencoder(2, **TRAINED), rows),
        "convolutional": (ConvolutionalAutoencoder(2, **convolutional), rows),
        "topk": (SparseAutoencoder(5, k=2, sparse_output=True, **TRAINED), rows),
        "kl": (SparseAutoencoder(2, sparsity="kl", **TRAINED), rows),
        "l1": (SparseAutoencoder(2, sparsity="l1", **TRAINED), rows),
        "variational": (VariationalAutoencoder(2, **TRAINED), frame),
        "compressor": (CodeCompressor(tiny(), n_bits=np.int64(7)), rows),
        "bounded": (CodeCompressor(FrozenEstimator(tiny().fit(frame))), frame),
        "detector": (ReconstructionOutlierDetector(tiny(), contamination=0.2), frame),
        "classifier": (PretrainedClassifier(tiny(), **head), frame),
        "regressor": (PretrainedRegressor(tiny(), **head), rows),
        "pairs": (EncoderDecoderRegressor(2, **TRAINED), frame),
        "maps": (EncoderDecoderRegressor(**shapes, **TRAINED), rows),
    }
    targets = {
        "classifier": np.where(rows[:, 3] < 30, "low", "high"),
        "regressor": rows[:, 3],
        "pairs": rows[:, :2],
        "maps": np.repeat(rows, 2, axis=1),
    }
    for name, (estimator, X) in fitted.items():
        estimator.fit(X, *([targets[name]] if name in targets else []))
    stream = DenoisingAutoencoder(2, **TRAINED)
    for chunk in (frame[:40], frame[40:]):
        stream.partial_fit(chunk)
    return fitted | {"stream": (stream, frame)}


@pytest.fixture(scope="session")
def results():
    """Return the results of every method of a fitted estimator, by name."""
    return all_results


@pytest.fixture(scope="session")
def comparable():
    """Return results as arrays of numbers or strings, by name and column."""
    return as_arrays


@pytest.fixture(scope="session")
def assert_same():
    """Assert that two estimators give the same bits, in the same containers."""

    def check(first, second, X):
        actual, expected = all_results(second, X), all_results(first, X)
        for one, other in zip(actual.values(), expected.values(), strict=True):
            assert_equal(one, other)

    return check


# Faults


@pytest.fixture
def press_ctrl_c():
    """Send this process a real Ctrl-C."""
    handler = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: signal.raise_signal(signal.SIGINT)
    signal.signal(signal.SIGINT, handler)


@pytest.fixture
def fail_after(monkeypatch):
    """Let the power fail when a number of checkpoints have been written."""

    def fail(n_files):
        left = [n_files]

        def write(path, data):
            archive.write_file(path, data)
            left[0] -= 1
            if left[0] == 0:
                raise RuntimeError("The power failed.")

        monkeypatch.setattr(checkpoint, "write_file", write)

    return fail


@pytest.fixture
def in_pieces(fail_after, tmp_path):
    """Fit while the power fails over and over, every other epoch at least."""

    def fit(make, *data, **more):
        for n_pieces in range(1, 100):
            fail_after(3)
            try:
                fitted = make().fit(*data, checkpoint=tmp_path / "pieces", **more)
            except RuntimeError as error:
                if "power" not in str(error):
                    raise
            else:
                return fitted, n_pieces
        raise AssertionError("The fit never came to an end.")

    return fit


@pytest.fixture
def drawing():
    """Draw on no screen, and close all figures."""
    import matplotlib.pyplot as plt  # which takes a while

    plt.switch_backend("Agg")
    yield plt
    plt.close("all")
