"""Rules of the house: where code lies, and what may import what."""

import ast
import functools
import inspect
import sys
from collections import Counter
from pathlib import Path

import pytest

import sklearn_ae

PACKAGE = Path(sklearn_ae.__file__).parent
TESTS = Path(__file__).parents[1]
PATHS = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
FILES = [str(path.with_suffix("")) for path in PATHS]
DOORS = [name for name in FILES if name.endswith("/__init__")]

# From the ground up. The last ones are siblings, which do not know each other.
FLOORS = [
    {"nn"},
    {"_tables"},
    {"_persistence"},
    {"_training"},
    {"_fitting"},
    {"_estimators"},
    {"_outliers", "_compression", "_pretraining", "_plotting"},
]
FLOOR = {folder: level for level, folders in enumerate(FLOORS) for folder in folders}
# Any file may import these: a version, and scikit-learn's private names.
GROUND = {"_version", "_sklearn"}

MOST_LINES, MOST_CODE_LINES = 400, 40
MOST_WORDS = 6
MOST_FILES = {"nn": 20}
MOST_FILES_ELSEWHERE = 16

# The one folder that may know a library.
ROOMS = {
    "skorch": "_training",
    "pandas": "_tables",
    "polars": "_tables",
    "matplotlib": "_plotting",
}


@functools.cache
def tree(name):
    return ast.parse((PACKAGE / f"{name}.py").read_text())


def folder(name):
    return name.split("/")[0] if "/" in name else ""


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


def own_imports(name):
    """Return (path below the package, names) of imports from the package."""
    return [
        (module.split(".")[1:], names)
        for module, names in imports(name)
        if module.split(".")[0] == "sklearn_ae"
    ]


def roots(name):
    return {module.split(".")[0] for module, _ in imports(name)}


def strings(name):
    """Return the names that could be imported by string."""
    return {
        node.value.split(".")[0]
        for node in ast.walk(tree(name))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def functions(name):
    return [
        node
        for node in ast.walk(tree(name))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def code_lines(name, function):
    """Return the number of lines of a function, without docstring, blanks, comments."""
    body = function.body
    described = isinstance(body[0], ast.Expr) and isinstance(
        body[0].value, ast.Constant
    )
    left = body[1:] if described else body
    if not left:
        return 0
    lines = (PACKAGE / f"{name}.py").read_text().splitlines()
    text = lines[left[0].lineno - 1 : function.end_lineno]
    return sum(bool(line.strip()) and line.strip()[0] != "#" for line in text)


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def module_name(name):
    return ".".join(["sklearn_ae", *name.split("/")]).removesuffix(".__init__")


def contents(name):
    """Return what a module of the package holds, by name."""
    return vars(sys.modules[module_name(name)])


def exported(room):
    """Return the names that a folder's door has for other folders."""
    if room == "nn":
        return set(contents("nn/__init__")["__all__"])
    names = own_imports(f"{room}/__init__")
    return {name for path, imported in names if len(path) > 1 for name in imported}


def found(violations):
    """Return what breaks a rule, by file, of those files where something does."""
    return {name: things for name in FILES if (things := violations(name))}


def test_every_folder_has_its_floor():
    assert {folder(name) for name in FILES} - {""} == set(FLOOR)
    assert {name for name in FILES if not folder(name)} == {"__init__", *GROUND}


def test_imports_go_downward():
    def upward(name):
        own = folder(name)
        return {
            path[0]
            for path, _ in own_imports(name)
            if own and path[0] not in {own, *GROUND}
            if FLOOR[path[0]] >= FLOOR[own]
        }

    assert not found(upward)


@pytest.mark.parametrize("room", sorted(FLOOR))
def test_no_folder_has_a_circle(room):
    files = [name for name in FILES if folder(name) == room]
    uses = {
        name: {"/".join(path) for path, _ in own_imports(name)} & set(files)
        for name in files
    }
    while free := [name for name, used in uses.items() if not used & uses.keys()]:
        for name in free:
            del uses[name]
    assert not uses


def test_folders_are_entered_by_their_doors():
    def around(name):
        return [
            (path, names)
            for path, names in own_imports(name)
            if path and path[0] in FLOOR and path[0] != folder(name)
            if len(path) > 1 or not set(names) <= exported(path[0])
        ]

    assert not found(around)


@pytest.mark.parametrize("room", sorted(set(FLOOR) - {"nn"}))
def test_doors_list_what_others_use(room):
    used = {
        imported
        for name in FILES
        if folder(name) != room
        for path, names in own_imports(name)
        if path == [room]
        for imported in names
    }
    assert exported(room) == used


def test_below_estimators_nothing_takes_one():
    def taking(name):
        return {
            function.name
            for function in functions(name)
            for argument in ast.walk(function.args)
            if isinstance(argument, ast.arg) and argument.arg == "estimator"
            if folder(name) in {"nn", "_training", "_fitting"}
        }

    assert not found(taking)


def test_training_knows_no_tables():
    def tables(name):
        paths = [path for path, _ in own_imports(name) if path[0] == "_tables"]
        return paths if folder(name) == "_training" else []

    assert not found(tables)


def test_networks_need_torch_and_numpy_alone():
    allowed = {"torch", "numpy", "sklearn_ae"} | sys.stdlib_module_names
    assert not found(
        lambda name: roots(name) - allowed if folder(name) == "nn" else set()
    )


@pytest.mark.parametrize("library", ROOMS)
def test_libraries_are_known_in_one_room(library):
    knowing = found(lambda name: library in roots(name) | strings(name))
    assert {folder(name) for name in knowing} == {ROOMS[library]}


def test_frame_libraries_are_not_imported():
    assert not found(lambda name: roots(name) & {"pandas", "polars"})


def test_one_file_imports_private_names():
    def private(name):
        return [
            part
            for module, names in imports(name)
            for part in [*module.split("."), *names]
            if module.split(".")[0] == "sklearn" and is_private(part)
        ]

    assert found(private).keys() == {"_sklearn"}


def test_matplotlib_is_imported_late():
    def early(name):
        return [
            node
            for node in tree(name).body
            if isinstance(node, ast.Import | ast.ImportFrom)
            if "matplotlib" in ast.unparse(node) and not getattr(node, "level", 0)
        ]

    assert not found(early)


def is_open(base):
    """Tell whether a class is there to be derived from."""
    return (
        inspect.isabstract(base)
        or base.__name__.startswith("Base")
        or base.__name__.endswith(("Mixin", "Parameters"))
    )


def test_classes_are_abstract_or_final():
    def closed(name):
        return {
            f"{thing.__name__}({base.__name__})"
            for thing in contents(name).values()
            if inspect.isclass(thing) and thing.__module__ == module_name(name)
            for base in thing.__bases__
            if base.__module__.startswith("sklearn_ae") and not is_open(base)
        }

    assert not found(closed)


def test_files_are_short():
    def lines(name):
        count = len((PACKAGE / f"{name}.py").read_text().splitlines())
        return count if count > MOST_LINES else 0

    assert not found(lines)


def test_functions_are_short():
    def long(name):
        lines = {f.name: code_lines(name, f) for f in functions(name)}
        return {name: n for name, n in lines.items() if n > MOST_CODE_LINES}

    assert not found(long)


def test_names_of_tests_are_short():
    found = [
        node.name
        for path in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and node.name.count("_") > MOST_WORDS
    ]
    assert found == []


def test_folders_are_small():
    counts = Counter(folder(name) for name in FILES)
    assert not [
        room
        for room in FLOOR
        if counts[room] > MOST_FILES.get(room, MOST_FILES_ELSEWHERE)
    ]


def test_no_basename_is_used_twice():
    names = Counter(path.stem for path in PATHS if path.stem != "__init__")
    assert not [name for name, count in names.items() if count > 1]


# Names by which code could tell what kind a column is, or what a table came in.
KINDS = {"NumericColumn", "CategoricalColumn", "BaseColumn", "BaseBlockColumn"}
KINDS |= {"COLUMN_KINDS", "CONTAINERS", "Categories"}
PARTS_OF_COLUMNS = {"blocks", "categories", "frequent", "infrequent", "dtype_spec"}
PARTS_OF_COLUMNS |= {"is_marked", "missing_ordinal", "name_type"}


def test_only_tables_know_column_kinds():
    def asking(name):
        return [
            ast.unparse(node)
            for node in ast.walk(tree(name))
            if (isinstance(node, ast.Attribute) and node.attr in PARTS_OF_COLUMNS)
            or (isinstance(node, ast.Name) and node.id in KINDS)
            or (isinstance(node, ast.alias) and node.name in KINDS)
            if folder(name) != "_tables"
        ]

    assert not found(asking)


def test_parts_of_columns_are_real():
    tables = [name for name in FILES if folder(name) == "_tables"]
    assert {name for file in tables for name in contents(file)} >= KINDS
    texts = "".join((PACKAGE / f"{name}.py").read_text() for name in tables)
    assert not {part for part in PARTS_OF_COLUMNS if part not in texts}


def test_every_file_has_its_tests():
    def untested(name):
        if not folder(name) or name in DOORS:
            return False
        room, stem = name.split("/")
        path = TESTS / room.strip("_") / f"test_{stem.strip('_')}.py"
        return not path.is_file()

    assert not found(untested)


def test_nothing_loads_by_running_code():
    loading = {"torch.load", "pickle.load", "pickle.loads", "joblib.load"}
    loading |= {"eval", "exec"}

    def called(name):
        return loading & {
            ast.unparse(node.func)
            for node in ast.walk(tree(name))
            if isinstance(node, ast.Call)
        }

    assert not found(called)


def test_the_package_refers_to_itself_relatively():
    def absolute(name):
        return [
            node.module
            for node in ast.walk(tree(name))
            if isinstance(node, ast.ImportFrom) and not node.level
            if node.module.split(".")[0] == "sklearn_ae"
        ]

    assert not found(absolute)


def test_nothing_is_printed_or_asserted():
    def lines(name):
        return [
            node.lineno
            for node in ast.walk(tree(name))
            if isinstance(node, ast.Assert)
            or (isinstance(node, ast.Call) and ast.unparse(node.func) == "print")
        ]

    assert not found(lines)


def test_public_names_are_sorted_and_exist():
    names = sklearn_ae.__all__
    assert sorted(names, key=lambda name: (not name.isupper(), name)) == names
    assert all(hasattr(sklearn_ae, name) for name in sklearn_ae.__all__)


def test_doors_hide_no_file():
    for door in DOORS:
        files = {name.split("/")[-1] for name in FILES if folder(name) == folder(door)}
        assert not files & exported(folder(door))
