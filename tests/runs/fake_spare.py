"""A spare that imports nothing: ``python fake_spare.py [--alone]``. Its runs are carried out by the fake worker.

--alone: it does not fork, as where that is not safe.
"""

import sys

import fake_worker

from sealife_core.runs.scheduling import fork_server

if __name__ == "__main__":
    if "--alone" in sys.argv:
        fork_server.FORKS = False
    sys.exit(fork_server.serve(fake_worker.main))
