import pytest

from _cases import make_small


@pytest.fixture
def path(tmp_path):
    return tmp_path / "fit.checkpoint"


@pytest.fixture
def cut_off(fail_after, path, X):
    """Write the checkpoint of a fit that is cut off after two epochs."""
    fail_after(3)
    with pytest.raises(RuntimeError, match="power"):
        make_small().fit(X, checkpoint=path)
    fail_after(-1)
    return path.read_bytes()
