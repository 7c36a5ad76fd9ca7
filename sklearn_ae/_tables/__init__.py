"""Tables: containers, columns, and numbers for networks."""

from .codec import EncodedTable, TableCodec, block_widths, fit_codec, float_dtype
from .frames import FRAMES, frame_library, numbers_frame
from .image_shapes import check_cells, check_positive_integers, flattened, with_channels
from .labels import is_none, known_classes, read_classes, read_numbers
from .schema import TableSchema, some
from .schema_inference import infer_schema
from .slicing import dense, make_indexable, row_chunks, selected
from .validation import (
    FLOATS,
    check_validation_rows_used,
    validate_fit_rows,
    validate_rows,
)

__all__ = [
    "FLOATS",
    "FRAMES",
    "EncodedTable",
    "TableCodec",
    "TableSchema",
    "block_widths",
    "check_cells",
    "check_positive_integers",
    "check_validation_rows_used",
    "dense",
    "fit_codec",
    "flattened",
    "float_dtype",
    "frame_library",
    "infer_schema",
    "is_none",
    "known_classes",
    "make_indexable",
    "numbers_frame",
    "read_classes",
    "read_numbers",
    "row_chunks",
    "selected",
    "some",
    "validate_fit_rows",
    "validate_rows",
    "with_channels",
]
