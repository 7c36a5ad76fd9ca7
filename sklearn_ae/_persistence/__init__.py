"""Saved state: files, pickles and the schemas that state must meet."""

from .archive import (
    InvalidFileError,
    from_bytes,
    raise_invalid_file,
    read_file,
    to_bytes,
    write_file,
)
from .fingerprint import describe_settings, hash_tables, hash_values, is_fingerprint
from .network_arguments import NetworkArguments, Weights
from .persistent import PersistenceMixin, load, skops_names
from .rules import Array, Condition, Context, Count, Number, OneOf, Rule, shorten
from .schemas import (
    COLUMNS_SCHEMA,
    TRAINING_SCHEMA,
    DictOf,
    IfPresent,
    ListOf,
    Nested,
    OrNone,
    StateMixin,
    TupleOf,
)
