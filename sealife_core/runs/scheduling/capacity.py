"""How many runs work at the same time: on this machine one a device, in a cluster as many as fit."""

import time
from collections.abc import Sequence

from sealife_core.config import AnyConfig, cluster_address
from sealife_core.runs.cluster.ray_http import ClusterError
from sealife_core.runs.cluster.ray_jobs import Node, RayCluster
from sealife_core.runs.costs.devices import CPU, devices

KNOWN_FOR_S = 10.0  # machines rarely change, and a page is drawn again at every click
PATIENCE_S = 3.0  # a page waits for the answer

_known: dict[str, tuple[float, list[Node] | ClusterError]] = {}


def nodes_of(address: str) -> list[Node]:
    """The machines of the cluster at ``address``, at most KNOWN_FOR_S old. Raises ClusterError."""
    asked, found = _known.get(address, (0.0, []))
    if time.monotonic() - asked >= KNOWN_FOR_S or address not in _known:
        try:
            found = RayCluster(address, PATIENCE_S).nodes()
        except ClusterError as error:
            found = error
        _known[address] = time.monotonic(), found
    if isinstance(found, ClusterError):
        raise found
    return found


def needs(config: AnyConfig, nodes: Sequence[Node]) -> tuple[int, int]:
    """(cores, GPUs) that the run takes of one machine of a cluster: 'auto' means GPUs if any machine has enough."""
    wanted = 0 if config.device == "cpu" else config.devices
    if config.device == "auto" and not any(node.gpus >= wanted for node in nodes):
        wanted = 0
    return config.cluster_cores, wanted


def at_once(config: AnyConfig) -> int:
    """How many runs like this one can work at the same time where it asks to run; 1 if the cluster does not answer."""
    address = cluster_address(config.where)
    if address is None:
        return max(1, sum(device != CPU for device in devices()))
    try:
        nodes = nodes_of(address)
    except ClusterError:
        return 1
    cores, gpus = needs(config, nodes)
    return max(1, sum(node.fits(cores, gpus) for node in nodes))
