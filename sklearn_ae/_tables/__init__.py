"""Tables: containers, columns, and numbers for networks."""

from .codec import EncodedTable, TableCodec, fit_codec
from .containers import (
    FLOATS,
    OUTPUT_CONTAINERS,
    find_container,
    make_indexable,
    row_chunks,
    select_rows,
    to_dense,
    to_dense_table,
)
from .frames import float_dtype
from .image_shapes import (
    check_image_shape,
    check_kernel_size,
    check_positive_integers,
    fit_kernel_size,
    flatten_rows,
    read_image_shape,
)
from .labels import is_missing_value, known_classes, read_classes, read_numbers
from .pandas import numbers_frame
from .schema import TableSchema, abbreviate
from .schema_inference import infer_schema
from .validation import check_validation_rows_used, validate_fit_rows, validate_rows
