import subprocess
import sys

import pytest


@pytest.mark.process
def test_import__takes_neither_torch_nor_pandas_nor_streamlit():
    code = (
        "import sys, sealife_core.runs.scheduling.queue, sealife_core.runs.costs.estimates;"
        "import sealife_core.runs.scheduling.dispatcher;"
        "print([m for m in ('torch', 'pandas', 'streamlit', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
