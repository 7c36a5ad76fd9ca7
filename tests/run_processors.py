"""Run numeric tests as on other processors: ``python tests/run_processors.py``.

The last bits of a product of matrices depend on the processor and on the number of
threads. No test may assert what follows from them. The libraries read these variables
when they are loaded, so each setting has processes of its own.
"""

import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np

TESTS = Path(__file__).parent
FOLDERS = ["compression", "contract", "estimators", "fitting", "nn", "outliers"]
FOLDERS += ["pretraining", "training"]
CHOSEN = "processors or not extended and not long"

# Instructions beyond AVX2 in the names of numpy 2 and of those before.
BEYOND_AVX2 = ("X86_V4", "AVX512")
LIBRARIES = {
    "AVX2": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
    },
    "SSE4": {
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "OPENBLAS_CORETYPE": "Prescott",
    },
}
N_THREADS = {"AVX2": 2, "SSE4": 3, "baseline": 3}


def settings():
    """Return the variables of each setting, by name."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    if platform.machine() not in ("x86_64", "AMD64"):
        libraries, disabled = {"baseline": {"ATEN_CPU_CAPABILITY": "default"}}, {}
    else:
        disabled = {"AVX2": [name for name in found if name.startswith(BEYOND_AVX2)]}
        # A processor without more than AVX2 runs `make test` with it.
        libraries = {
            name: variables
            for name, variables in LIBRARIES.items()
            if disabled.get(name, True)
        }
    return {
        name: variables | of_numpy(disabled.get(name, found)) | of_threads(name)
        for name, variables in libraries.items()
    }


def of_numpy(disabled):
    return {"NPY_DISABLE_CPU_FEATURES": " ".join(disabled)} if disabled else {}


def of_threads(name):
    names = [f"{library}_NUM_THREADS" for library in ("OMP", "OPENBLAS", "MKL")]
    # Two processes share the cores: no thread should spin while it waits.
    return dict.fromkeys(names, str(N_THREADS[name])) | {"OMP_WAIT_POLICY": "passive"}


def main(arguments):
    """Run the tests in every setting, and return whether any failed."""
    command = [sys.executable, "-m", "pytest", "-n", "2", "-m", CHOSEN, *arguments]
    command += [str(TESTS / folder) for folder in FOLDERS]
    failed = []
    for name, variables in settings().items():
        print(name, *(f"{key}={value}" for key, value in variables.items()), flush=True)
        if subprocess.run(command, env=os.environ | variables).returncode:
            failed.append(name)
    if failed:
        print("Tests failed with:", *failed)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
