"""Bytes from codes, and rows from bytes."""

from .compressor import CodeCompressor
