import os
import subprocess
import sys

import pytest
import torch

from sklearn_ae._training.torch_modes import default_torch_modes, resolve_device

MODES = {
    "no_grad": torch.no_grad,
    "inference": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu"),
}


def modes():
    """Return which modes are on: gradients, inference, autocast."""
    return (
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled("cpu"),
    )


@pytest.mark.parametrize("name", MODES)
def test_modes_are_defaults_inside_only(name):
    with MODES[name]():
        before = modes()
        with default_torch_modes():
            assert modes() == (True, False, False)
        assert modes() == before != (True, False, False)


@pytest.mark.parametrize("device", ["cpu", torch.device("cpu")])
def test_named_devices_are_taken(device):
    assert resolve_device(device) == torch.device("cpu")


@pytest.mark.parametrize(("available", "expected"), [(False, "cpu"), (True, "cuda")])
def test_auto_prefers_cuda(monkeypatch, available, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    monkeypatch.setattr(torch, "ones", lambda *_, device: torch.zeros(1))
    assert resolve_device("auto") == torch.device(expected)


@pytest.mark.parametrize("device", ["gpu", "", "meta"])
def test_unusable_devices_are_named(device):
    with pytest.raises(ValueError, match=f"device must be one .* got '{device}'"):
        resolve_device(device)


FORKING = """
import os, torch, sklearn_ae
torch.set_num_threads(3)
child = os.fork()
if not child:
    os._exit(torch.get_num_threads())
n_threads = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
assert (n_threads, torch.get_num_threads()) == (1, 3), n_threads
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_forked_processes_use_one_thread():
    found = subprocess.run([sys.executable, "-c", FORKING], stderr=subprocess.PIPE)
    assert found.returncode == 0, found.stderr.decode()
