"""Saved state: files, pickles and the rules that state must meet."""

from .archive import (
    InvalidFileError,
    packed,
    raise_invalid_file,
    read_file,
    unpacked,
    write_file,
)
from .fingerprint import describe_settings, hash_tables, hash_values, is_fingerprint
from .network_arguments import check_and_infer_shapes
from .persistent import PersistenceMixin, load, skops_names
from .rules import (
    A_COMPONENT,
    COUNT,
    NUMBER,
    POSITIVE,
    TRAINED,
    Rule,
    are_numbers,
    check_arrays,
    check_format,
    check_keys,
    columns_rules,
    is_number,
    is_vector,
    optional,
    restored,
)
