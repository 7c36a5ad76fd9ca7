"""The package and the models it is compared with, behind one interface.

Every model has `fit`, `transform` (rows to codes) and `reconstruct` (rows to rows).
"""

import itertools
import math
import warnings
from importlib.util import find_spec

import numpy as np
import torch
from sklearn.decomposition import PCA, KernelPCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor
from skorch import NeuralNet
from skorch.callbacks import EarlyStopping
from torch import nn

from sklearn_ae import AutoencoderTransformer

from ..timing import DEVICE

HIDDEN = (256, 128)
# A kernel matrix in float64 must stay under 1 GiB.
MAX_KERNEL_ROWS = math.isqrt(2**30 // 8)


def ours(n_components, seed, max_epochs="auto"):
    """Return the package's estimator with its defaults."""
    return AutoencoderTransformer(
        n_components, max_epochs=max_epochs, random_state=seed
    )


class LongerAutoencoder:
    """The package's estimator with twice the epochs that are its default."""

    def __init__(self, n_components, seed):
        self.model = ours(n_components, seed)

    def fit(self, X):
        n_judged = math.ceil(self.model.validation_fraction * len(X))
        max_epochs = 2 * self.model._recipe().training.n_epochs(len(X) - n_judged)
        self.model.set_params(max_epochs=max_epochs).fit(X)
        self.best_epoch_ = self.model.best_epoch_
        return self

    def transform(self, X):
        return self.model.transform(X)

    def reconstruct(self, X):
        return self.model.reconstruct(X)


class PCABaseline:
    """scikit-learn's PCA, in float64."""

    def __init__(self, n_components, seed):
        self.pca = PCA(n_components, random_state=seed)

    def fit(self, X):
        self.pca.fit(X.astype(np.float64))
        return self

    def transform(self, X):
        return self.pca.transform(X.astype(np.float64))

    def reconstruct(self, X):
        return self.pca.inverse_transform(self.transform(X))


class Scaled:
    """Base of models of rows that are centred and divided by one number."""

    def fit(self, X):
        self.mean = X.mean(axis=0)
        self.scale = math.sqrt(np.mean((X - self.mean) ** 2))
        self._fit(self._encode(X))
        return self

    def transform(self, X):
        return self._codes(self._encode(X))

    def reconstruct(self, X):
        return self._reconstruct(self._encode(X)) * self.scale + self.mean

    def _encode(self, X):
        return ((X - self.mean) / self.scale).astype(np.float32)


class PlainNetwork(nn.Module):
    """The usual autoencoder: 256-128-k and back, ReLU."""

    def __init__(self, n_features, n_components):
        super().__init__()
        widths = [n_features, *HIDDEN, n_components]
        self.encoder, self.decoder = _stack(widths), _stack(widths[::-1])

    def forward(self, x):
        return self.decoder(self.encoder(x))


def _stack(widths):
    layers = []
    for n_inputs, n_outputs in itertools.pairwise(widths):
        layers += [nn.Linear(n_inputs, n_outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class PlainSkorchAutoencoder(Scaled):
    """That network as a skorch user would train it."""

    def __init__(self, n_components, seed, max_epochs=100):
        self.n_components, self.seed = n_components, seed
        self.max_epochs = max_epochs

    def _fit(self, rows):
        torch.manual_seed(self.seed)
        self.net = NeuralNet(
            PlainNetwork,
            nn.MSELoss,
            module__n_features=rows.shape[1],
            module__n_components=self.n_components,
            optimizer=torch.optim.Adam,
            lr=1e-3,
            batch_size=128,
            max_epochs=self.max_epochs,
            iterator_train__shuffle=True,
            callbacks=[EarlyStopping(patience=5, load_best=True, sink=_discard)],
            device=DEVICE,
            verbose=0,
        )
        self.net.fit(rows, rows)

    @property
    def n_epochs_(self):
        return len(self.net.history)

    @property
    def best_epoch_(self):
        return dict(self.net.callbacks_)["EarlyStopping"].best_epoch_

    def _codes(self, rows):
        return _apply(self.net.module_.encoder, rows)

    def _reconstruct(self, rows):
        return self.net.predict(rows)


def _discard(text):
    pass


@torch.inference_mode()
def _apply(module, rows):
    device = next(module.parameters()).device
    return module.eval()(torch.from_numpy(rows).to(device)).cpu().numpy()


class MLPAutoencoder(Scaled):
    """scikit-learn's ``MLPRegressor(X, X)``; its codes come out of a ReLU."""

    def __init__(self, n_components, seed, max_epochs=200):
        self.depth = len(HIDDEN) + 1
        self.network = MLPRegressor(
            hidden_layer_sizes=(*HIDDEN, n_components, *HIDDEN[::-1]),
            early_stopping=True,
            max_iter=max_epochs,
            random_state=seed,
        )

    def _fit(self, rows):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.network.fit(rows, rows)

    @property
    def n_epochs_(self):
        return self.network.n_iter_

    def _codes(self, rows):
        layers = zip(self.network.coefs_, self.network.intercepts_, strict=True)
        for weights, bias in itertools.islice(layers, self.depth):
            rows = np.maximum(rows @ weights + bias, 0)
        return rows

    def _reconstruct(self, rows):
        return self.network.predict(rows).reshape(rows.shape)


class PyODAutoEncoder:
    """PyOD's AutoEncoder with its defaults, but for the widths; it standardizes."""

    def __init__(self, n_components, seed, max_epochs=10):
        from pyod.models.auto_encoder import AutoEncoder

        self.detector = AutoEncoder(
            hidden_neuron_list=[*HIDDEN, n_components],
            epoch_num=max_epochs,
            random_state=seed,
            verbose=0,
        )

    def fit(self, X):
        self.detector.fit(X)
        # As it divides: PyOD adds this number to the deviations.
        self.scale = self.detector.X_std + 1e-8
        return self

    @property
    def n_epochs_(self):
        return self.detector.epoch_num

    def transform(self, X):
        return _apply(self.detector.model.encoder, self._encode(X))

    def reconstruct(self, X):
        rows = _apply(self.detector.model, self._encode(X))
        return rows * self.scale + self.detector.X_mean

    def _encode(self, X):
        return ((X - self.detector.X_mean) / self.scale).astype(np.float32)


class KernelPCABaseline(Scaled):
    """scikit-learn's KernelPCA with radial basis functions and its inverse."""

    def __init__(self, n_components, seed):
        self.pca = KernelPCA(
            n_components, kernel="rbf", fit_inverse_transform=True, random_state=seed
        )

    def _fit(self, rows):
        self.pca.fit(rows.astype(np.float64))

    def _codes(self, rows):
        return self.pca.transform(rows.astype(np.float64))

    def _reconstruct(self, rows):
        return self.pca.inverse_transform(self._codes(rows))


OURS, LONGER = "sklearn_ae", "sklearn_ae (2x epochs)"
BASELINE, SKORCH = "PCA", "plain skorch"
MLP, PYOD, KERNEL = "MLPRegressor", "PyOD AutoEncoder", "KernelPCA"
PEERS = (SKORCH, MLP, PYOD, KERNEL)
MAKERS = {
    OURS: ours,
    LONGER: LongerAutoencoder,
    SKORCH: PlainSkorchAutoencoder,
    MLP: MLPAutoencoder,
    PYOD: PyODAutoEncoder,
    KERNEL: KernelPCABaseline,
}


def makers(n_rows, wanted=tuple(MAKERS)):
    """Return wanted models that can be fitted here to so many rows; name the others."""
    left_out = []
    if find_spec("pyod") is None:
        left_out.append(f"{PYOD}: not installed, skipped")
    if n_rows > MAX_KERNEL_ROWS:
        left_out.append(f"{KERNEL}: kernel of {n_rows:,} rows over 1 GiB, skipped")
    left_out = {line.split(":")[0]: line for line in left_out}
    for name in left_out.keys() & set(wanted):
        print(left_out[name], flush=True)
    chosen = set(wanted) - left_out.keys()
    return {name: make for name, make in MAKERS.items() if name in chosen}
