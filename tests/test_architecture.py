"""What may import what."""

import ast
import functools
import sys
from pathlib import Path

import pytest

import sklearn_ae

PACKAGE = Path(sklearn_ae.__file__).parent
FILES = sorted(
    str(path.relative_to(PACKAGE).with_suffix("")) for path in PACKAGE.rglob("*.py")
)
NETWORKS = [name for name in FILES if name.startswith("nn/")]

# From the ground up: a file imports from layers below its own, never from its own.
LAYERS = [
    {"_version", "nn"},
    {"_sklearn", "_random", "_frames", "_levels", "_selection", "_transaction"}
    | {"_parameters", "_moments", "_entropy", "_archive", "_learned", "_forks"}
    | {"_schedule_free"}
    | {"_network_arguments", "_plotting", "_documentation", "_codes_out"},
    {"_descriptions", "_fit_tasks", "_persistence"},
    {"_columns", "_shared_parameters", "_packing", "_shapes"},
    {"_tables", "_learning", "_identity", "_kinds_of_rows"},
    {"_checkpoint"},
    {"_validation"},
    {"_rows", "_pair_reading"},
    {"_start", "_ridge_start", "_pair_scoring"},
    {"_axes", "_prior"},
    {"_fitted", "_variant"},
    {"_density", "_fitted_pair"},
    {"_callbacks", "_training_settings", "_pair_persistence"},
    {"_progress"},
    {"_training"},
    {"_training_data", "_cross_fitting", "_single_pass", "_stream"},
    {"_networks"},
    {"_fitting"},
    {"_base", "_pair_fitting", "_stream_start"},
    {"_stream_fitting"},
    {"_streaming"},
    {"_autoencoder", "_convolutional", "_denoising", "_sparse", "_variational"},
    {"_held"},
    {"_coders", "_pca_baseline", "_surprise", "_views"},
    {"_quantization", "_compression_report", "_abnormality", "_trimming"} | {"_trust"},
    {"_fitted_head", "_label_split", "_labelled_rows", "_labels", "_targets"},
    {"_colouring", "_fine_tuning", "_reconstruction_drawing"},
    {"_pretraining"},
    {"_compression", "_encoder_decoder", "_outlier"}
    | {"_pretrained_classifier", "_pretrained_regressor"},
    {"_components_error_display", "_latent_space_display", "_loss_curve_display"}
    | {"_reconstruction_display"},
    {"__init__"},
]
LAYER = {name: level for level, layer in enumerate(LAYERS) for name in layer}


@functools.cache
def tree(name):
    return ast.parse((PACKAGE / f"{name}.py").read_text())


def imports(name):
    """Return (module, names) of every import, however deep, relative ones resolved."""
    package = ["sklearn_ae", *name.split("/")[:-1]]
    found = []
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            found += [(alias.name, []) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            found.append((module, [alias.name for alias in node.names]))
    return found


def roots(name):
    return {module.split(".")[0] for module, _ in imports(name)}


def strings(name):
    """Return the names that could be imported by string."""
    return {
        node.value.split(".")[0]
        for node in ast.walk(tree(name))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def own_files(name):
    """Return the files or folders of the package that a file imports."""
    found = set()
    for module, names in imports(name):
        match module.split("."):
            case ["sklearn_ae"]:
                found |= set(names)
            case ["sklearn_ae", first, *_]:
                found.add(first)
    return found


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


@pytest.mark.parametrize("name", FILES)
def test_nothing_loads_by_running_code(name):
    called = {
        ast.unparse(node.func)
        for node in ast.walk(tree(name))
        if isinstance(node, ast.Call)
    }
    assert not called & {
        "torch.load",
        "pickle.load",
        "pickle.loads",
        "joblib.load",
        "eval",
        "exec",
    }


def test_every_file_has_its_layer():
    assert set(LAYER) == {name.split("/")[0] for name in FILES}


@pytest.mark.parametrize("name", [name for name in FILES if name not in NETWORKS])
def test_imports_go_downward(name):
    upward = {other for other in own_files(name) if LAYER[other] >= LAYER[name]}
    assert not upward


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_need_torch_and_numpy_alone(name):
    allowed = {"torch", "numpy", "sklearn_ae"} | sys.stdlib_module_names
    assert roots(name) <= allowed
    assert own_files(name) <= {"nn"}


@pytest.mark.parametrize("name", FILES)
def test_only_the_engine_knows_skorch(name):
    assert ("skorch" in roots(name) | strings(name)) == (
        name in {"_callbacks", "_training"}
    )


@pytest.mark.parametrize("name", [name for name in FILES if name != "_sklearn"])
def test_private_names_of_scikit_learn_have_one_importer(name):
    taken = [
        part
        for module, names in imports(name)
        for part in [*module.split("."), *names]
        if module.split(".")[0] == "sklearn"
    ]
    assert not [part for part in taken if is_private(part)]


@pytest.mark.parametrize("name", [name for name in FILES if name != "_frames"])
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frame_libraries_are_known_in_one_place(name, library):
    assert library not in roots(name) | strings(name)


@pytest.mark.parametrize("name", FILES)
def test_frame_libraries_are_not_imported(name):
    assert not roots(name) & {"pandas", "polars"}


@pytest.mark.parametrize("name", FILES)
def test_matplotlib_has_one_importer(name):
    assert ("matplotlib" in roots(name) | strings(name)) == (name == "_plotting")


def test_matplotlib_is_imported_when_something_is_drawn():
    body = tree("_plotting").body
    at_once = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert "matplotlib" not in " ".join(map(ast.unparse, at_once))


@pytest.mark.parametrize("name", FILES)
def test_the_package_refers_to_itself_relatively(name):
    absolute = [
        node
        for node in ast.walk(tree(name))
        if (isinstance(node, ast.ImportFrom) and not node.level)
        if node.module.split(".")[0] == "sklearn_ae"
    ]
    assert not absolute


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_printed_or_asserted(name):
    calls = [
        node.func.id
        for node in ast.walk(tree(name))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    assert "print" not in calls
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(tree(name)))


def test_public_names_are_sorted_and_exist():
    names = sklearn_ae.__all__
    assert sorted(names, key=lambda name: (not name.isupper(), name)) == names
    assert all(hasattr(sklearn_ae, name) for name in sklearn_ae.__all__)
