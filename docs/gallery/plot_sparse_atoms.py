"""
Sparse atoms of a photograph
============================

:class:`~sklearn_ae.SparseAutoencoder` learns more atoms than there are pixels. Each
patch of a photograph is a sum of a few atoms. PCA's components are waves over the whole
patch; atoms look like the edges and textures of patches.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image
from sklearn.decomposition import PCA
from sklearn.feature_extraction.image import extract_patches_2d

from sklearn_ae import SparseAutoencoder

# %%
# Patches
# -------
# Patches have 8 by 8 grey pixels; their mean is subtracted. The left half of the
# photograph is for training, and the right half is held out.

side = 8
grey = load_sample_image("china.jpg").mean(axis=2).astype(np.float32) / 255
left, right = np.split(grey, 2, axis=1)
train, test = (
    extract_patches_2d(half, (side, side), max_patches=size, random_state=0)
    for half, size in [(left, 10000), (right, 3000)]
)
train, test = (patches.reshape(-1, side**2) for patches in (train, test))
train -= train.mean(axis=1, keepdims=True)
test -= test.mean(axis=1, keepdims=True)

# %%
# Atoms beside components
# -----------------------
# Both are fitted to the same patches. The atoms that are used most come first.

k = 8
sparse = SparseAutoencoder(144, k=k, random_state=0).fit(train)
pca = PCA(side**2 - 1).fit(train)
atoms = sparse.module_.atoms.detach().numpy()
codes = sparse.transform(test)
atoms_by_use = atoms[np.argsort(-np.count_nonzero(codes, axis=0))]

figure, axes = plt.subplots(1, 2, figsize=(8, 4.25), layout="constrained")
for axis, images, width, title in [
    (axes[0], pca.components_, 8, "PCA's components"),
    (axes[1], atoms_by_use, 12, "atoms, most used first"),
]:
    tiles = images / np.abs(images).max(axis=1, keepdims=True)
    tiles = np.pad(tiles.reshape(-1, side, side), ((0, 0), (1, 1), (1, 1)))
    tiles = np.pad(tiles, ((0, -len(tiles) % width), (0, 0), (0, 0)))
    tiles = tiles.reshape(-1, width, side + 2, side + 2).swapaxes(1, 2)
    axis.imshow(tiles.reshape(-1, width * (side + 2)), cmap="gray", vmin=-1, vmax=1)
    axis.set(title=title, xticks=[], yticks=[])
plt.show()

# %%
# Patches as sums of atoms
# ------------------------
# Above each atom is its code, and the last picture is the sum. Each patch has its own
# few atoms, instead of the same components for all patches.

shown = np.argsort(test.std(axis=1))[[-1000, -500, -200, -10]]
figure, axes = plt.subplots(len(shown), k + 2, figsize=(8, 4), layout="constrained")
for line, row in zip(axes, shown, strict=True):
    used = np.argsort(-np.abs(codes[row]))[:k]
    parts = codes[row, used, None] * atoms[used]
    titles = ["patch", *(f"{code:+.1f}" for code in codes[row, used]), "sum"]
    pictures = [test[row], *parts, sparse.mean_ + parts.sum(axis=0)]
    limit = np.abs(test[row]).max()
    for axis, picture, title in zip(line, pictures, titles, strict=True):
        picture = picture.reshape(side, side)
        axis.imshow(picture, cmap="gray", vmin=-limit, vmax=limit)
        axis.set_title(title, fontsize=9)
        axis.set(xticks=[], yticks=[])
plt.show()

# %%
# Errors at the same number of nonzero codes
# ------------------------------------------
# With as many nonzero codes, PCA has a larger error on held-out patches, even if for
# each patch the components with the largest codes are chosen. The last line is the
# number of components with which PCA has the same error, if all patches use the same
# components.

whole = np.sum((test - pca.mean_) ** 2)
left_out = np.sum((test - sparse.reconstruct(test)) ** 2) / whole
squares = pca.transform(test) ** 2
by_first = 1 - np.cumsum(squares.sum(axis=0)) / whole
by_largest = 1 - np.sum(np.sort(squares, axis=1)[:, -k:]) / whole
print(f"unexplained by {k} of {len(atoms)} atoms:          {left_out:.1%}")
print(f"unexplained by the {k} largest of PCA:    {by_largest:.1%}")
print(f"unexplained by the first {k} of PCA:      {by_first[k - 1]:.1%}")
print(f"components of PCA for the atoms' error: {np.argmax(by_first <= left_out) + 1}")

# %%
# Atoms are useful where there are many possible parts, and each row has a few of them.
# If a few directions explain all rows, PCA is enough. If rows lie on a curved surface,
# try :class:`~sklearn_ae.AutoencoderTransformer`.
