import os

# scipy reads it once: without it check_array_api_input skips itself.
os.environ["SCIPY_ARRAY_API"] = "1"

import copy
import io
import pickle
import signal
from functools import partial
from typing import NamedTuple

import joblib
import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pytest
from hypothesis import settings
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

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

ESTIMATORS = [
    AutoencoderTransformer,
    ConvolutionalAutoencoder,
    DenoisingAutoencoder,
    SparseAutoencoder,
    VariationalAutoencoder,
]

# Frames, validation and the way through a fit are the same code for all of them, so
# these files look at one to three; what others make of tables is in
# test_common_family.py.
ONE, TWO = ESTIMATORS[:1], [AutoencoderTransformer, DenoisingAutoencoder]
# One of each kind of network, of codes and of loss.
THREE = [AutoencoderTransformer, SparseAutoencoder, VariationalAutoencoder]
SHARED = {
    "test_base": THREE,
    "test_base_impute": TWO[1:],
    "test_base_mixed": TWO,
    "test_common_edges": ONE,
    "test_common_mixed": ONE,
    "test_common_real": TWO,
    "test_fit": TWO,
    "test_fit_small": ONE,
    "test_frames": ONE,
    "test_frames_limits": ONE,
    "test_loss_curve": ONE,
    "test_streaming": TWO,
    "test_random": [DenoisingAutoencoder, *THREE[1:]],
    "test_validation": ONE,
}

# What they run is measured by the files of each part; tracing doubles their time.
NOT_MEASURED = (
    "test_autoencoder",
    "test_base",
    "test_benchmarks",
    "test_common",
    "test_denoising",
    "test_fit_small",
    "test_mutations",
    "test_properties",
    "test_random",
    "test_engine_interrupts",
    "test_variational",
)

QUICK = {
    "hidden_layer_sizes": (32,),
    "learning_rate": 0.02,
    "batch_size": 32,
    "max_epochs": 4,
    "random_state": 0,
}


def pytest_generate_tests(metafunc):
    """Give tests of what all estimators do the estimators, one after the other."""
    marked = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    if "estimator_class" in metafunc.fixturenames and "estimator_class" not in marked:
        module = metafunc.module.__name__.rsplit(".", 1)[-1]
        chosen = SHARED.get(module, ESTIMATORS)
        metafunc.parametrize("estimator_class", chosen, scope="session")


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent.name != "nn" and item.path.stem.startswith(NOT_MEASURED):
            item.add_marker("no_cover")


@pytest.fixture
def quick(estimator_class):
    """Make an estimator that trains in a moment and leaves PCA on `X`."""

    def make(n_components=2, **parameters):
        own = {ConvolutionalAutoencoder: {"channels": (4,)}}.get(estimator_class, {})
        return estimator_class(n_components, **(QUICK | own | parameters))

    return make


@pytest.fixture
def noiseless(quick, estimator_class):
    """Make the same without noise, so that losses are those of the rows as given."""
    silent = {DenoisingAutoencoder: {"noise_level": 0}}.get(estimator_class, {})
    return lambda *arguments, **parameters: quick(*arguments, **(silent | parameters))


class Case(NamedTuple):
    """One of the public estimators, how it is fitted, and what it says of rows."""

    estimator_class: type
    own: dict
    training: str = ""  # before the parameters of what is trained
    methods: tuple[str, ...] = ("transform", "reconstruct", "reconstruction_error")
    targets: object = None

    def make(self, **training):
        """Return an estimator that trains in a moment, with parameters of training."""
        estimator = clone(self.estimator_class(**self.own))
        return estimator.set_params(
            **{self.training + name: value for name, value in training.items()}
        )

    def fit(self, estimator, X):
        """Fit an estimator to rows, and to targets made of them where it has some."""
        if self.targets is None:
            return estimator.fit(X)
        return estimator.fit(X, self.targets(X))

    def answers(self, estimator, X):
        """Return what a fitted estimator says of rows, as arrays."""
        return {
            name: np.frombuffer(estimator.compress(X), np.uint8)
            if name == "compress"
            else np.asarray(getattr(estimator, name)(X))
            for name in self.methods
        }


def classes_of(X):
    """Return three classes by the last column, every third row without one."""
    last = pd.Series(np.asarray(X)[:, -1].astype(float)).rank(pct=True)
    classes = np.digitize(last, [0.3, 0.7])
    return np.where(np.arange(len(last)) % 3 == 2, -1, classes)


def numbers_of(X):
    """Return a number a row by the last column, every third row without one."""
    last = pd.Series(np.asarray(X)[:, -1].astype(float)).rank(pct=True)
    return np.where(np.arange(len(last)) % 3 == 2, np.nan, np.sin(6 * last))


def outputs_of(X):
    """Return two numbers a row, one of them no linear function."""
    last = pd.Series(np.asarray(X)[:, -1].astype(float)).rank(pct=True)
    return np.column_stack([last, np.sin(6 * last)])


BRIEF = {
    "hidden_layer_sizes": (8,),
    "learning_rate": 0.02,
    "batch_size": 32,
    "max_epochs": 4,
    "random_state": 0,
}
HOLDS = {"estimator": AutoencoderTransformer(2, **BRIEF), "random_state": 0}
HEADED = HOLDS | {"head_layer_sizes": (8,), "max_epochs": 4, "batch_size": 32}
LAYERED = {"n_components": 2, **BRIEF}
PICTURED = {name: LAYERED[name] for name in LAYERED if name != "hidden_layer_sizes"}
CASES = [
    Case(AutoencoderTransformer, LAYERED),
    Case(ConvolutionalAutoencoder, PICTURED | {"channels": (4,)}),
    Case(DenoisingAutoencoder, LAYERED),
    Case(SparseAutoencoder, LAYERED),
    Case(VariationalAutoencoder, LAYERED),
    Case(
        ReconstructionOutlierDetector,
        HOLDS,
        "estimator__",
        ("score_samples", "predict", "explain"),
    ),
    Case(PretrainedClassifier, HEADED, "", ("predict_proba", "transform"), classes_of),
    Case(PretrainedRegressor, HEADED, "", ("predict", "transform"), numbers_of),
    Case(EncoderDecoderRegressor, BRIEF, "", ("predict", "transform"), outputs_of),
    Case(CodeCompressor, HOLDS, "estimator__", ("compress",)),
]


@pytest.fixture(params=CASES, ids=lambda case: case.estimator_class.__name__)
def case(request):
    """Each of the public estimators."""
    return request.param


@pytest.fixture
def cases():
    """All of them, for tests that start one process."""
    return CASES


@pytest.fixture(scope="session", name="X")
def curve():
    """Rows near a curve in six dimensions; whoever writes to them fails."""
    rng = np.random.default_rng(0)
    angle = rng.uniform(-3, 3, (300, 1))
    waves = [wave(k * angle) for k in (1, 2) for wave in (np.cos, np.sin)]
    rows = np.hstack([*waves, angle, angle**2])
    rows += 0.05 * rng.normal(size=rows.shape)
    rows.flags.writeable = False
    return rows


@pytest.fixture(scope="session")
def pairs(X):
    """Inputs, and outputs that are no linear function of them."""
    outputs = np.column_stack([np.abs(X[:, 4]), X[:, 0] * X[:, 4], X[:, 2], X[:, 1]])
    outputs.flags.writeable = False
    return X, outputs


@pytest.fixture(scope="session")
def pictures():
    """Small pictures and large ones: discs of random place and size."""
    rng = np.random.default_rng(0)
    centre = rng.uniform(2, 6, size=(300, 2, 1, 1))
    radius = rng.uniform(1, 3, size=(300, 1, 1))
    rows, columns = np.mgrid[:8, :8]
    distance = np.hypot(rows - centre[:, 0], columns - centre[:, 1])
    large = np.clip(radius - distance + 0.5, 0, 1)
    return large.reshape(300, 4, 2, 4, 2).mean(axis=(2, 4)), large


@pytest.fixture(scope="session")
def gappy(X):
    """The same rows, a tenth of the cells missing in every column but the first."""
    rows = X.copy()
    holes = np.random.default_rng(1).uniform(size=X.shape) < 0.1
    rows[holes & (np.arange(6) > 0)] = np.nan
    rows.flags.writeable = False
    return rows


@pytest.fixture(scope="session")
def cells(gappy):
    """Columns of a mixed table as lists, None where a cell is missing."""
    rng = np.random.default_rng(2)
    angle = gappy[:, 0]
    colour = np.array(["red", "green", "blue", "grey"], dtype=object)
    colour = colour[np.digitize(angle, [-0.8, 0, 0.8])]
    colour[rng.uniform(size=len(angle)) < 0.1] = None
    return {
        "length": [None if np.isnan(x) else float(x) for x in gappy[:, 1]],
        "count": np.rint(10 * gappy[:, 0]).astype(int).tolist(),
        "colour": colour.tolist(),
        "height": (2 * gappy[:, 0] ** 2).tolist(),
        "size": rng.choice(["s", "m", "l"], len(angle), p=[0.5, 0.3, 0.2]).tolist(),
        "flag": (angle > 0.3).tolist(),
    }


SIZES = ["s", "m", "l", "xl"]


def pandas_mixed(cells):
    size = pd.Categorical(cells["size"], categories=SIZES, ordered=True)
    return pd.DataFrame(cells).assign(size=size)


def polars_mixed(cells):
    return pl.DataFrame(cells, schema_overrides={"size": pl.Enum(SIZES)})


MIXED = {"pandas": pandas_mixed, "polars": polars_mixed}


@pytest.fixture(params=MIXED)
def mixed(request, cells):
    """A mixed table as a frame of each library."""
    return MIXED[request.param](cells)


@pytest.fixture
def pandas_frame(cells):
    """The mixed table as a pandas frame."""
    return pandas_mixed(cells)


@pytest.fixture(scope="session")
def once():
    """Make a thing the first time it is asked for, and give a copy every time."""
    made = {}

    def copy_of(key, make):
        if key not in made:
            made[key] = pickle.dumps(make())
        return pickle.loads(made[key])

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


@pytest.fixture
def press_ctrl_c():
    """Send this process a real Ctrl-C."""
    handler = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: signal.raise_signal(signal.SIGINT)
    signal.signal(signal.SIGINT, handler)


ONE_EPOCH = {"max_epochs": 1, "early_stopping": False, "random_state": 0}
TRAINED = ONE_EPOCH | {"hidden_layer_sizes": (3,)}
tiny = partial(AutoencoderTransformer, 2, **TRAINED)


@pytest.fixture(scope="session")
def tables(cells):
    """Tables of some rows: numbers, and frames with categories and gaps."""
    frame, numbers = pandas_mixed(cells).iloc[:60], np.arange(60.0)
    rows = np.column_stack([np.sin(numbers), np.cos(numbers), numbers % 7, numbers])
    return {"numbers": rows, "pandas": frame, "polars": polars_mixed(cells).head(60)}


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


METHODS = ["transform", "predict", "predict_proba", "score_samples", "explain"]
METHODS += ["reconstruct", "reconstruction_error", "impute"]


def everything(estimator, X):
    """Return what all methods of a fitted estimator make of a table, by name."""
    results = {
        name: getattr(estimator, name)(X)
        for name in METHODS
        if hasattr(estimator, name)
    }
    if hasattr(estimator, "inverse_transform"):
        results["inverse_transform"] = estimator.inverse_transform(results["transform"])
    if hasattr(estimator, "sample"):
        results["sample"] = estimator.sample(3, random_state=0)
    if hasattr(estimator, "get_feature_names_out"):
        results["names"] = estimator.get_feature_names_out()
    if hasattr(estimator, "compress"):
        results["bytes"] = estimator.compress(X)
        results["decompress"] = estimator.decompress(results["bytes"])
    return results


@pytest.fixture(scope="session")
def results():
    return everything


def assert_alike(one, other):
    if hasattr(one, "toarray"):
        one, other = one.toarray(), other.toarray()
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other)
    elif isinstance(one, pl.DataFrame):
        polars.testing.assert_frame_equal(one, other, check_exact=True)
    else:
        np.testing.assert_array_equal(one, other, strict=True)


@pytest.fixture(scope="session")
def assert_same():
    """Assert that two estimators give the same bits, in the same containers."""

    def check(first, second, X):
        one, other = everything(first, X), everything(second, X)
        for result, again in zip(one.values(), other.values(), strict=True):
            assert_alike(result, again)

    return check


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


@pytest.fixture(scope="session")
def comparable():
    """Turn results into arrays of numbers or texts, by name and column."""

    def arrays(results):
        made = {}
        for name, result in results.items():
            result = result.toarray() if hasattr(result, "toarray") else result
            for column in getattr(result, "columns", [None]):
                array = np.asarray(result if column is None else list(result[column]))
                if array.dtype.kind != "S":  # bytes
                    kind = "U" if array.dtype.kind in "OU" else float
                    made[f"{name}.{column or ''}"] = array.astype(kind)
        return made

    return arrays


@pytest.fixture
def drawing():
    """Draw on no screen, and close all figures."""
    import matplotlib.pyplot as plt  # which takes a while

    plt.switch_backend("Agg")
    yield plt
    plt.close("all")
