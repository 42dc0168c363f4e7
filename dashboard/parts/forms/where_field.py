"""Where a run is carried out: this machine, or one of the owner's Ray clusters, and whether that one answers.

Whoever looks at the dashboard chooses among the clusters that its owner named: this server would ask any other address
too, from inside its network.
"""

from typing import Any

import streamlit as st

from dashboard.state import Key
from dashboard.words import plain
from sealife_core.config import CLUSTER, HERE, Setting, cluster_address
from sealife_core.environment import CLUSTERS
from sealife_core.runs.cluster.ray_http import ClusterError, known_clusters
from sealife_core.runs.scheduling.capacity import nodes_of
from sealife_core.wording import counted


def where_field(setting: Setting, value: str, key: Key) -> Any:
    """Draws the setting ``where``; what it returns is HERE or a cluster of :func:`known_clusters`."""
    words = {HERE: "This machine"} | {f"{CLUSTER}{address}": f"Ray, {address}" for address in known_clusters()}
    asked = value if value == HERE else f"{CLUSTER}{cluster_address(value)}"
    held = asked if asked in words else HERE
    with st.container(gap="xsmall"):
        chosen = st.selectbox(
            setting.title, list(words), index=list(words).index(held), format_func=lambda where: words.get(where, ""),
            key=key.of(setting.path), persist_state="session",
        )  # fmt: skip
        if chosen not in words:  # a browser may send anything
            chosen = held
        if asked != held:
            address = plain(asked.removeprefix(CLUSTER))
            st.caption(f"The run used {address}, but {CLUSTERS.name} does not list this cluster.")
        elif chosen != HERE:
            _told(chosen)
        elif len(words) == 1:
            st.caption(
                f"To use a cluster that shares these folders, set its address in {CLUSTERS.name}. The README explains"
                " how."
            )
    return chosen


def _told(where: str) -> None:
    """What the cluster has, or why it does not answer."""
    try:
        nodes = nodes_of(cluster_address(where) or "")
    except ClusterError as error:
        st.warning(plain(str(error)), icon=":material/cloud_off:")
        return
    cores, gpus = sum(node.cores for node in nodes), sum(node.gpus for node in nodes)
    told = f"{counted(len(nodes), 'machine')} with {cores:g} cores and {f'{gpus:g} GPUs' if gpus else 'no GPU'} in all."
    st.caption(f"{told} Each run reserves its share and waits until that share is free.")
