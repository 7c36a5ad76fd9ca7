"""Generated rows: patches of photographs, and clips of a moving disc."""

import numpy as np
from sklearn.datasets import load_sample_images
from sklearn.feature_extraction.image import extract_patches_2d

N_PATCHES, PATCH_SIDE = 20_000, 8
N_CLIPS, CLIP_SHAPE = 2_000, (8, 12, 12)
NOISE = 0.05


def photographs():
    """Return grey patches of scikit-learn's two photographs, and no target.

    They are drawn with ``default_rng(0)``, may overlap, and have mean 0 each.
    """
    side = (PATCH_SIDE, PATCH_SIDE)
    grey = [
        image.mean(axis=2, dtype=np.float32) for image in load_sample_images().images
    ]
    patches = np.concatenate([extract_patches_2d(image, side) for image in grey])
    rng = np.random.default_rng(0)
    chosen = rng.choice(len(patches), N_PATCHES, replace=False)
    rows = patches[chosen].reshape(N_PATCHES, -1)
    return rows - rows.mean(axis=1, keepdims=True), None


def moving_discs(n_clips=N_CLIPS):
    """Return clips of a disc of random size, start and velocity, and no target.

    Pixels are 0 beside the disc, 1 in it and between at its rim, and there is noise of
    deviation `NOISE`.
    """
    rng = np.random.default_rng(0)
    n_frames, height, width = CLIP_SHAPE
    start = rng.uniform((2, 2), (height - 3, width - 3), size=(n_clips, 2))
    end = rng.uniform((2, 2), (height - 3, width - 3), size=(n_clips, 2))
    radius = rng.uniform(1.5, 3, size=(n_clips, 1, 1, 1))
    time = np.linspace(0, 1, n_frames)[:, None]
    centre = start[:, None] + time * (end - start)[:, None]
    rows, columns = np.mgrid[:height, :width]
    distance = np.hypot(rows - centre[..., :1, None], columns - centre[..., 1:, None])
    clips = np.clip(radius - distance + 0.5, 0, 1)
    clips += NOISE * rng.standard_normal(clips.shape)
    return clips.reshape(n_clips, -1), None


GENERATED = {"photographs": photographs, "moving_disc": moving_discs}
