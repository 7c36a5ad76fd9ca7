"""
Rows as a few bytes
===================

:class:`~sklearn_ae.CodeCompressor` encodes each row, quantizes the codes, and packs
them into bytes. An error bound limits the error that quantizing adds. Codes of an
autoencoder and of PCA are compared here at equal numbers of bytes. At the left, with
few bytes, the autoencoder has the smaller error. At the right PCA has: with as many
components as columns it loses nothing, whereas an autoencoder still has an error.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split

from sklearn_ae import AutoencoderTransformer, CodeCompressor

X, _ = load_digits(return_X_y=True)
X_train, X_test = train_test_split(X, test_size=0.25, random_state=0)
variance = np.mean(np.square(X_test - X_train.mean(axis=0)))

# %%
# Compress, decompress
# --------------------
# The bound limits what quantizing adds to the mean squared error of the rows that are
# compressed. Decompressing needs the fitted compressor, which is not counted in the
# bytes.

autoencoder = AutoencoderTransformer(16, random_state=0)
compressor = CodeCompressor(autoencoder, error_bound=0.5, random_state=0).fit(X_train)
data = compressor.compress(X_test)
back = compressor.decompress(data)
report = compressor.compression_report(X_test)
added = np.mean(np.square(back - X_test)) - report.reconstruction_error
print(f"{len(X_test)} digits in {len(data)} bytes: {report.bytes_per_row:.1f} a digit")
print(f"error of the codes {report.reconstruction_error:.2f}")
print(f"error of the bytes {report.error:.2f}")
print(f"rounding added {added:.2f}, and was allowed {compressor.error_bound_:.2f}")

# %%
# Bytes against error
# -------------------
# The plot has several numbers of components, each with several bounds. Fits do not
# depend on the bound, so every model is fitted once and frozen.

bounds = 2.0 ** np.arange(-2, 4)
models = [PCA(count) for count in (4, 8, 16, 32, 48)]
models += [AutoencoderTransformer(count, random_state=0) for count in (4, 8, 16)]
lines = []
for model in models:
    frozen = FrozenEstimator(model.fit(X_train))
    compressors = [
        CodeCompressor(frozen, error_bound=bound).fit(X_train) for bound in bounds
    ]
    reports = [compressor.compression_report(X_test) for compressor in compressors]
    n_bytes = [report.bytes_per_row for report in reports]
    errors = [report.error / variance for report in reports]
    lines.append((model, n_bytes, errors, compressors))

figure, axis = plt.subplots(figsize=(7, 4.6), layout="constrained")
looks = {"PCA": ("#0072B2", "s"), "AutoencoderTransformer": ("#D55E00", "o")}
for name, (color, marker) in looks.items():
    for model, n_bytes, errors, _ in lines:
        if type(model).__name__ != name:
            continue
        axis.loglog(n_bytes, errors, color=color, marker=marker, ms=4, label=name)
        axis.annotate(
            model.n_components,
            (n_bytes[0], errors[0]),
            xytext=(-3, -12),
            textcoords="offset points",
            ha="center",
            color=color,
        )
axis.set_xticks((1, 2, 4, 8, 16, 32), (1, 2, 4, 8, 16, 32))
axis.set_yticks((0.01, 0.03, 0.1, 0.3, 1), (0.01, 0.03, 0.1, 0.3, 1))
axis.minorticks_off()
axis.set(xlim=(1, 32), xlabel="bytes a digit", ylabel="error over variance")
axis.set_title("Held-out digits that came back from bytes")
named = dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
axis.legend(named.values(), named.keys(), title="numbers: components")
plt.show()

# %%
# Digits at a few rates
# ---------------------
# Each line shows the model with the smallest error that needs at most the given bytes.

n_shown, rates = 8, (3, 6, 12)
figure, axes = plt.subplots(
    1 + 2 * len(rates), n_shown, figsize=(7, 6), layout="constrained"
)
rows = {"original": X_test}
for rate in rates:
    for name in looks:
        error, n_bytes, compressor = min(
            (
                (error, n_bytes, compressor)
                for model, *settings in lines
                for n_bytes, error, compressor in zip(*settings, strict=True)
                if type(model).__name__ == name and n_bytes <= rate
            ),
            key=lambda setting: setting[0],
        )
        back = compressor.decompress(compressor.compress(X_test))
        rows[f"{name}\n{n_bytes:.1f} bytes"] = back
        print(f"at most {rate:2} bytes: {name:24} error {error:.1%} of the variance")
figure.suptitle("Held-out digits from a few bytes")
for line, (name, digits) in zip(axes, rows.items(), strict=True):
    line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    for axis, digit in zip(line, digits, strict=False):
        axis.imshow(digit.reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
        axis.set(xticks=[], yticks=[])
plt.show()

# %%
# For few rows the model is larger than the bytes it saves: use zlib or PNG. If the
# error must be small, use PCA in the compressor.
