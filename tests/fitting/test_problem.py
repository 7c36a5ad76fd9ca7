import numpy as np
from sklearn.decomposition import PCA

from sklearn_ae._fitting.pca_start import fit_pca_starts
from sklearn_ae._fitting.problem import start_axes


def test_axes_of_the_start_are_those_of_pca(fit_table, X):
    table = fit_table(X)
    axes = start_axes(fit_pca_starts(X, table, 3, 0)[0], 3)
    encoded = table.codec.encode(X)
    pca = PCA(3).fit(encoded)
    assert axes.rotation is None
    codes = encoded @ pca.components_.T
    np.testing.assert_allclose(codes, pca.transform(encoded), atol=1e-10)
    np.testing.assert_allclose(axes.variance, pca.explained_variance_)
