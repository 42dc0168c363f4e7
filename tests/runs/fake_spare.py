"""A spare that imports nothing: ``python fake_spare.py [HOW]``. Its runs are carried out by the fake worker.

HOW: "alone", it does not fork, as where that is not safe; "full", no process can be forked; "hangs", it is never ready.
"""

import os
import sys
import time

import fake_worker

from sealife_core.runs.scheduling import fork_server


def refuse() -> int:
    raise BlockingIOError(11, "Resource temporarily unavailable")


if __name__ == "__main__":
    how = sys.argv[1:]
    if how == ["hangs"]:
        time.sleep(60)
    fork_server.FORKS = how != ["alone"]
    if how == ["full"]:
        os.fork = refuse
    sys.exit(fork_server.serve(fake_worker.main))
