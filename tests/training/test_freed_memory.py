import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
from sealife_core.training.freed_memory import keep_freed_memory
if "keep" in sys.argv:
    keep_freed_memory()
begun = 0
for turn in range(6):
    if turn == 2:
        begun = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    b"x" * (len(sys.argv) << 25)  # 64 MiB, which Python cannot know beforehand
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - begun)
"""


@pytest.mark.process
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library keeps memory by rules of its own")
def test_keep_freed_memory__takes_no_new_pages_for_what_was_freed_before() -> None:
    assert new_pages("keep") < 100
    assert new_pages("as it is") > 1_000


def new_pages(how: str) -> int:
    """How many the system gives a program that asks for the same memory again and again."""
    told = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True)
    return int(told.stdout)
