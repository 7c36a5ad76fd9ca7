"""Fitted networks: arrays and plain values that encode, decode and predict."""

import contextlib
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import torch
from scipy import sparse
from torch import nn

from .._persistence import (
    Array,
    Context,
    Nested,
    NetworkArguments,
    OneOf,
    Rule,
    StateMixin,
    Weights,
)
from .._tables import TableCodec, TableSchema, float_dtype, row_chunks
from ..nn import NETWORKS


class Columns(Rule):
    """Rule of a table's columns, which encode to the network's features."""

    def read(self, value: Any, name: str, context: Context) -> TableSchema:
        """Return the columns, and tell later entries their number and names."""
        schema = TableSchema.from_state(value)
        n_encoded = int(schema.widths.sum())
        if n_encoded != context["n_features"]:
            raise ValueError(
                f"{name} must encode to {context['n_features']} numbers a row, got "
                f"{n_encoded}."
            )
        context.update(n_columns=len(schema.names), names=schema.names)
        return schema

    def write(self, value: TableSchema) -> dict[str, Any]:
        """Return the state of columns."""
        return value.state()


_CODEC = {
    "schema": Columns(),
    "mean": Array(("n_features",)),
    "scale": Array(("n_features",), "> 0"),
    "empty": Array(("n_columns",), dtypes=(np.bool_,)),
    "constant": Array(("n_columns",), dtypes=(np.bool_,)),
}


class FittedAutoencoder(StateMixin):
    """Fitted autoencoder, which encodes and decodes tables in chunks.

    Float32 rows are computed in float32 and float64 rows in float64. Within the
    precision of the dtype, the result of a row does not depend on other rows.

    Parameters
    ----------
    codec : TableCodec
        Maps numbers of a table to rows of the network, and back.

    kind : str
        Name of the network's class, a key of `NETWORKS`.

    network : dict
        Arguments of the class, plain values.

    arrays : dict of str to ndarray
        Weights of the network, by name.

    code_units : ndarray of shape (n_components,)
        Factor from the network's codes to the codes that are returned.
    """

    _schema: ClassVar[dict] = {
        "kind": OneOf(NETWORKS),
        "network": NetworkArguments(),
        "arrays": Weights(),
        "code_units": Array(("n_components",), "> 0"),
        "codec": Nested(TableCodec, _CODEC),
    }

    def __init__(
        self,
        codec: TableCodec,
        kind: str,
        network: dict[str, Any],
        arrays: dict[str, np.ndarray],
        code_units: np.ndarray,
    ) -> None:
        self.codec, self.kind, self.network = codec, kind, network
        self.arrays, self.code_units = arrays, code_units
        self._modules = {
            dtype: self._build(dtype) for dtype in (np.float32, np.float64)
        }
        for module in self._modules.values():
            module.settle()

    def check_works(self) -> None:
        """Raise unless the centre of the table has a code and a reconstruction."""
        centre = np.zeros((1, self.codec.n_encoded))
        row = self.codec.decode(centre)
        rows = self.decode(self.encode(row))
        if not np.isfinite(rows[:, ~self.codec.empty]).all():
            raise ValueError("The reconstruction of the centre must be finite.")
        with contextlib.suppress(ImportError):  # frames of a library that is missing
            self.codec.schema.check_written(rows)

    @property
    def n_features(self) -> int:
        """Number of the table's columns."""
        return len(self.codec.schema.names)

    def module(self) -> nn.Module:
        """Return a trainable copy of the network."""
        return self._build(np.float32).requires_grad_(True)

    def encode(self, X) -> np.ndarray:
        """Return the codes of rows, ``(n_samples, n_components)``."""
        codes = np.empty((X.shape[0], self.network["n_components"]), float_dtype(X))
        for chunk, part in self._codes(X):
            codes[chunk] = part
        return codes

    def codes(self, rows: np.ndarray) -> np.ndarray:
        """Return the codes of encoded rows."""
        return _scale_codes(self.apply("encode", rows), self.code_units)

    def encode_sparse(self, X) -> sparse.csr_array:
        """Return the codes of rows as a CSR array."""
        return sparse.vstack(
            [sparse.csr_array(part) for _, part in self._codes(X)], format="csr"
        )

    def _codes(self, X) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (chunk, codes) through X."""
        dtype = float_dtype(X)
        for chunk in row_chunks(X.shape[0], self.codec.n_encoded):
            rows = self.codec.encode(X[chunk], dtype, checked=False)
            code = self.apply("encode", rows)
            if not np.isfinite(code).all():
                code = self.apply("encode", self.codec.encode(X[chunk], dtype))
            yield chunk, _scale_codes(code, self.code_units)

    def decode(self, codes) -> np.ndarray:
        """Return a table's numbers from codes, ``(n_samples, n_features)``."""
        rows = np.empty((codes.shape[0], self.n_features), codes.dtype)
        for chunk, part in self.decoded(codes):
            rows[chunk] = self.codec.decode(part)
        return rows

    def decoded(self, codes) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (chunk, encoded rows) through codes."""
        for chunk in row_chunks(codes.shape[0], self.codec.n_encoded):
            part = codes[chunk]
            part = part.toarray() if sparse.issparse(part) else part
            code = np.divide(part, self.code_units, dtype=np.float64)
            yield chunk, self.apply("decode", code.astype(codes.dtype, copy=False))

    def reconstruct(self, X, *, observed: bool = False) -> np.ndarray:
        """Return reconstructions as a table's numbers, ``(n_samples, n_features)``.

        With `observed`, categories are the likeliest that are not missing.
        """
        rows = np.empty(X.shape, float_dtype(X))
        for chunk, _, reconstruction in self.pairs(X):
            rows[chunk] = self.codec.decode(reconstruction, observed=observed)
        return rows

    def fill_sparse(self, X):
        """Return a CSR matrix with its missing entries reconstructed."""
        filled = X.copy()
        for chunk, _, reconstruction in self.pairs(X):
            entries = slice(X.indptr[chunk.start], X.indptr[chunk.stop])
            n_entries = np.diff(X.indptr[chunk.start : chunk.stop + 1])
            row = np.repeat(np.arange(len(n_entries)), n_entries)
            cells = self.codec.decode(reconstruction)[row, X.indices[entries]]
            data = filled.data[entries]
            data[np.isnan(data)] = cells[np.isnan(data)]
        return filled

    def pairs(self, X) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """Yield (chunk, encoded rows, their reconstructions) through X."""
        dtype = float_dtype(X)
        for chunk in row_chunks(X.shape[0], self.codec.n_encoded):
            rows = self.codec.encode(X[chunk], dtype)
            yield chunk, rows, self.apply("forward", rows)

    def squared_errors(self, X) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (chunk, squared errors of shape (n_rows, n_features)) through X.

        They are in input units squared, or where there are categories in encoded ones;
        missing cells are NaN.
        """
        unit = self.codec.error_unit
        for chunk, rows, reconstruction in self.pairs(X):
            yield chunk, self.codec.cells(np.square((rows - reconstruction) * unit))

    def apply(self, method: str, *arrays: np.ndarray) -> np.ndarray:
        """Return the result of a method of the network for arrays of one dtype."""
        if torch.is_autocast_enabled("cpu"):
            with torch.autocast("cpu", enabled=False):
                return self.apply(method, *arrays)
        module = self._modules[arrays[0].dtype.type]
        tensors = [
            torch.from_numpy(np.require(array, requirements=["C", "W"]))
            for array in arrays
        ]
        with torch.inference_mode():
            return getattr(module, method)(*tensors).numpy()

    def _build(self, dtype: type) -> nn.Module:
        network = NETWORKS[self.kind](**self.network, device="meta")
        return with_weights(network, self.arrays, dtype)

    def _check_state(self) -> None:
        check_weights(*self._modules.values())


def with_weights(
    module: nn.Module, arrays: dict[str, np.ndarray], dtype: type
) -> nn.Module:
    """Return a module of the meta device with copies of arrays, for inference."""
    with np.errstate(over="ignore"):
        weights = {
            name: torch.from_numpy(array.astype(dtype, order="C"))
            for name, array in arrays.items()
        }
    module.load_state_dict(weights, assign=True)
    return module.requires_grad_(False).eval()


def _scale_codes(codes: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Return codes times a factor, in the same dtype."""
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = codes * unit.astype(codes.dtype)
    if not np.isfinite(scaled).all():
        raise ValueError(
            f"Codes must be finite in {codes.dtype}, got larger ones; pass X as "
            "float64."
        )
    return scaled


def check_weights(*modules: nn.Module) -> None:
    """Raise unless modules accept their weights, and these are finite."""
    for module in modules:
        if not all(value.isfinite().all() for value in module.state_dict().values()):
            raise ValueError("Weights must be finite in their dtype, got larger ones.")
        module.check()


class FittedPair(StateMixin):
    """Fitted network from inputs to other outputs, which predicts in chunks.

    Parameters
    ----------
    network : FittedAutoencoder
        Codec of the inputs, and the network.

    output_mean, output_scale : ndarray of shape (n_outputs,)
        Outputs are those of the network times the scale, plus the mean.
    """

    _schema: ClassVar[dict] = {
        "network": Nested(FittedAutoencoder),
        "output_mean": Array(("n_outputs",)),
        "output_scale": Array(("n_outputs",), "> 0"),
    }

    def __init__(
        self,
        network: FittedAutoencoder,
        output_mean: np.ndarray,
        output_scale: np.ndarray,
    ) -> None:
        self.network = network
        self.output_mean, self.output_scale = output_mean, output_scale

    @property
    def columns(self) -> TableSchema:
        """The columns of inputs."""
        return self.network.codec.schema

    def predict(self, X) -> np.ndarray:
        """Return the outputs of rows, ``(n_samples, n_outputs)``."""
        dtype, codec = float_dtype(X), self.network.codec
        outputs = np.empty((X.shape[0], len(self.output_mean)), dtype)
        width = max(codec.n_encoded, outputs.shape[1])
        for chunk in row_chunks(X.shape[0], width):
            encoded = self.network.apply("forward", codec.encode(X[chunk], dtype))
            scaled = np.multiply(encoded, self.output_scale, dtype=np.float64)
            with np.errstate(over="ignore"):
                outputs[chunk] = scaled + self.output_mean
        if not np.isfinite(outputs).all():
            raise ValueError(
                f"Outputs must be finite in {outputs.dtype}, got larger ones; pass X "
                "as float64."
            )
        return outputs

    def check_works(self) -> None:
        """Raise unless the centre of the table has a code and outputs."""
        row = self.network.codec.decode(np.zeros((1, self.network.codec.n_encoded)))
        self.network.encode(row)
        self.predict(row)
