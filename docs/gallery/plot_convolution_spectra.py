"""
Spectra with peaks that shift
=============================

A peak that shifts is not a sum of a few fixed shapes. PCA needs one component for the
peak, another for its slope, another for its curvature, and so on, and its residuals
look like ripples beside each peak. :class:`~sklearn_ae.ConvolutionalAutoencoder` with
one axis learns the shape of a peak for all positions. Look at the ripples, and at the
number of components that PCA needs for the same error.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from sklearn_ae import AutoencoderTransformer, ConvolutionalAutoencoder

# %%
# Generated spectra
# -----------------
# Each spectrum has three peaks on a sloping baseline, with noise. Positions, widths and
# heights of the peaks vary. The clean spectra are kept for comparison.

rng = np.random.default_rng(0)
n_spectra, n_channels, noise = 1_600, 128, 0.02
channel = np.linspace(0, 1, n_channels)
clean = rng.normal(0, 0.1, size=(n_spectra, 1)) * channel + 0.1 * channel**2
shift = rng.uniform(-0.06, 0.06, size=n_spectra)
for centre, own_shift in ((0.25, 0.0), (0.5, 0.03), (0.75, 0.0)):
    place = centre + shift + rng.uniform(-1, 1, size=n_spectra) * own_shift
    width = rng.uniform(0.015, 0.035, size=n_spectra)
    height = rng.uniform(0.4, 1.2, size=n_spectra)
    away = (channel - place[:, None]) / width[:, None]
    clean += height[:, None] / (1 + np.square(away))
spectra = clean + rng.normal(0, noise, size=clean.shape)
X_train, X_test, _, clean_test = train_test_split(
    spectra, clean, test_size=0.25, random_state=0
)

# %%
# As many codes as sources of variation
# -------------------------------------
# There are nine: a shift of all peaks, a shift of the middle peak, three widths, three
# heights, and the slope of the baseline. The error is the root mean square distance to
# the clean spectra, in units of the noise.

n_components = 9
models = {
    "PCA": PCA(n_components),
    "AutoencoderTransformer": AutoencoderTransformer(n_components, random_state=0),
    "ConvolutionalAutoencoder": ConvolutionalAutoencoder(
        n_components, input_shape=(n_channels,), random_state=0
    ),
}
made = {}
for name, model in models.items():
    model.fit(X_train)
    made[name] = model.inverse_transform(model.transform(X_test))
    error = np.sqrt(np.mean(np.square(made[name] - clean_test))) / noise
    print(f"{name:25} {error:5.2f} times the noise")

# %%
# Three held-out spectra
# ----------------------
# Above are the spectra and their reconstructions from nine codes. Below are the errors.

names, colors = ("PCA", "ConvolutionalAutoencoder"), ("#0072B2", "#D55E00")
figure, axes = plt.subplots(
    2,
    3,
    figsize=(8, 4.6),
    sharex=True,
    sharey="row",
    height_ratios=(2, 1),
    layout="constrained",
)
for number, (above, below) in enumerate(axes.T):
    above.plot(channel, X_test[number], color="0.7", lw=3, label="spectrum")
    for name, color in zip(names, colors, strict=True):
        above.plot(channel, made[name][number], color=color, lw=1, label=name)
        off = made[name][number] - clean_test[number]
        below.plot(channel, off, color=color, lw=1)
    below.set(xlabel="channel")
axes[0, 0].set(ylabel="signal")
axes[1, 0].set(ylabel="minus clean")
handles = axes[0, 0].get_legend_handles_labels()
figure.suptitle("Held-out spectra from nine codes")
figure.legend(*handles, loc="outside lower center", ncols=3, frameon=False)
plt.show()

# %%
# How many components PCA needs
# -----------------------------

counts = (1, 2, 3, 5, 9, 12, 16, 20, 25, 30, 40)
errors = []
for count in counts:
    pca = PCA(count).fit(X_train)
    made_here = pca.inverse_transform(pca.transform(X_test))
    errors.append(np.sqrt(np.mean(np.square(made_here - clean_test))) / noise)
ours = np.sqrt(np.mean(np.square(made[names[1]] - clean_test))) / noise

figure, axis = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
axis.semilogy(counts, errors, "o-", color=colors[0], label=names[0])
axis.semilogy(n_components, ours, "D", color=colors[1], label=names[1])
axis.axhline(ours, color=colors[1], lw=1, ls=":")
axis.set(xlabel="number of codes", ylabel="error, in units of the noise")
axis.set_title("Distance from the clean spectra, held out")
axis.set_yticks((0.5, 1, 2, 4, 8), (0.5, 1, 2, 4, 8))
axis.minorticks_off()
axis.legend()
plt.show()

# %%
# If only the heights of peaks vary, PCA with as many components as substances is
# enough. If there are fewer than some hundreds of spectra, look at ``best_epoch_``: 0
# means that PCA was kept.
