"""
A melody as codes
=================

A spectrogram is a picture with the axes frequency and time. Windows of it are encoded
by :class:`~sklearn_ae.ConvolutionalAutoencoder` and by PCA, with the same number of
codes per window, and the decoded windows are joined. Look at the lines of the
overtones: the pitch of a note changes, and PCA blurs lines that move.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.signal import spectrogram
from sklearn.decomposition import PCA

from sklearn_ae import ConvolutionalAutoencoder

# %%
# A generated sound
# -----------------
# The sound consists of plucked notes of half a second with four overtones each. The
# pitch is drawn from a scale, changes while the note decays, and has vibrato.

rng = np.random.default_rng(0)
rate, n_notes, note_seconds = 4_000, 240, 0.512
t = np.arange(int(rate * note_seconds)) / rate
scale = 220 * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12]) / 12)
notes = []
for pitch in rng.choice(scale, size=n_notes):
    bend = rng.uniform(-0.35, 0.35) * t / note_seconds
    vibrato = rng.uniform(0, 0.03) * np.sin(2 * np.pi * 6 * t)
    phase = 2 * np.pi * np.cumsum(pitch * (1 + bend + vibrato)) / rate
    decay = rng.uniform(2, 6)
    overtones = [np.sin(k * phase) * np.exp(-decay * k * t) / k for k in (1, 2, 3, 4)]
    notes.append(rng.uniform(0.3, 1) * np.sum(overtones, axis=0))
sound = np.concatenate(notes)
sound += 0.001 * rng.standard_normal(len(sound))
print(f"{len(sound) / rate:.0f} seconds of {n_notes} notes")

# %%
# Its spectrogram
# ---------------
# Powers are in decibels, clipped at 60 below the loudest. Training windows of eight
# frames overlap. The last fifth of the sound is held out, in windows without overlap.

frequency, seconds, power = spectrogram(sound, rate, nperseg=128, noverlap=64)
decibels = 10 * np.log10(power[1:].T + 1e-20)
decibels = np.maximum(decibels - decibels.max(), -60)
n_frames, n_bands = decibels.shape
width, first = 8, 4 * n_frames // 5
windows = np.stack([decibels[i : i + width] for i in range(0, first - width, 2)])
held_out = decibels[first:]
held_out = held_out[: len(held_out) // width * width]
shape = (width, n_bands)
X_train, X_test = (
    windows.reshape(len(windows), -1),
    held_out.reshape(-1, width * n_bands),
)
print(f"{len(X_train)} training windows of {width} frames by {n_bands} bands")

# %%
# The same number of codes for both
# ---------------------------------

n_components = 8
models = {
    "PCA": PCA(n_components),
    "ConvolutionalAutoencoder": ConvolutionalAutoencoder(
        n_components, input_shape=shape, max_epochs=40, random_state=0
    ),
}
pictures = {"original": held_out}
for name, model in models.items():
    model.fit(X_train)
    made = model.inverse_transform(model.transform(X_test))
    pictures[name] = made.reshape(held_out.shape)
    error = np.sqrt(np.mean(np.square(made - X_test)))
    print(f"{name:25} {error:.2f} dB off (root mean square, held-out)")

# %%
# Some seconds of the held-out sound
# ----------------------------------

n_shown = 20 * width
extent = (0, seconds[n_shown] - seconds[0], frequency[1] / 1_000, frequency[-1] / 1_000)
figure, axes = plt.subplots(
    3, 1, figsize=(7.5, 6.5), sharex=True, sharey=True, layout="constrained"
)
for axis, (name, picture) in zip(axes, pictures.items(), strict=True):
    image = axis.imshow(
        picture[:n_shown].T,
        origin="lower",
        aspect="auto",
        extent=extent,
        cmap="viridis",
        vmin=-60,
        vmax=0,
    )
    axis.set(title=name, ylabel="kHz")
axes[-1].set(xlabel="seconds")
figure.colorbar(image, ax=axes, label="dB below the loudest", shrink=0.6)
plt.show()

# %%
# If tones keep their pitch, each is a fixed picture, and PCA (or
# :class:`~sklearn.decomposition.NMF`, because powers are not negative) is enough. To
# hear a decoded sound, keep the phases of the spectrogram, or estimate them by the
# method of Griffin and Lim.
