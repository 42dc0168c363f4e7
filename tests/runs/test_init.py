import subprocess
import sys

import sealife_core.runs


def test_import__takes_neither_torch_nor_pandas_nor_streamlit():
    code = (
        "import sys, sealife_core.runs, sealife_core.runs.estimates, sealife_core.runs.dispatcher;"
        "print([m for m in ('torch', 'pandas', 'streamlit', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names__are_all_there():
    assert sealife_core.runs.__all__ == sorted(sealife_core.runs.__all__, key=lambda n: (not n.isupper(), n))
    assert all(hasattr(sealife_core.runs, name) for name in sealife_core.runs.__all__)
