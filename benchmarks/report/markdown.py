"""Data frames as Markdown tables."""

import math

import pandas as pd


def under(caption, frame):
    """Return a frame as a Markdown table under a line of text."""
    return f"{caption}\n\n{table(frame)}"


def table(frame):
    """Return a frame as a Markdown table, numbers to the right."""
    numeric = [pd.api.types.is_numeric_dtype(frame[name]) for name in frame]
    rule = ["---:" if right else "---" for right in numeric]
    lines = [frame.columns, rule]
    lines += [[cell(value) for value in row] for row in frame.itertuples(index=False)]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def cell(value):
    """Return a value as text: nothing for NaN, "never" for infinity."""
    if isinstance(value, str):
        return value
    if value is None or math.isnan(value):
        return ""
    if math.isinf(value):
        return "never"
    return number(value)


def number(value):
    """Return a number as text, with three decimals where it is small."""
    if float(value).is_integer() or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"


def share(value):
    """Return a share in percent."""
    return f"{100 * value:.0f} %"
