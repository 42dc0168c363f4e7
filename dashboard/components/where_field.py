"""Where a run is carried out: this machine, or a Ray cluster by its address, and whether that one answers."""

import os
from typing import Any

import streamlit as st

from dashboard.errors import plain
from sealife_core.config import CLUSTER, HERE, Setting, cluster_address
from sealife_core.runs.capacity import nodes_of
from sealife_core.runs.ray_jobs import ClusterError

ADDRESS = "RAY_API_SERVER_ADDRESS"  # where Ray's own commands look for it
WORDS = {HERE: "This machine", CLUSTER: "A Ray cluster…"}


def where_field(setting: Setting, value: str, key: str) -> Any:
    """Draws the setting ``where``."""
    held = HERE if value == HERE else CLUSTER
    with st.container(gap="xsmall"):
        chosen = st.selectbox(
            setting.title, list(WORDS), index=list(WORDS).index(held), format_func=WORDS.__getitem__,
            key=f"{key}.{setting.path}", persist_state="session",
        )  # fmt: skip
        if chosen == HERE:
            st.caption("Or on the machines of a cluster that share these folders: see the README.")
            return HERE
        address = st.text_input(
            "Address of the cluster", value.removeprefix(CLUSTER) if held == CLUSTER else os.environ.get(ADDRESS, ""),
            placeholder="http://head:8265", key=f"{key}.{setting.path}.address", persist_state="session",
        ).strip()  # fmt: skip
        _told(address)
    return f"{CLUSTER}{address}"


def _told(address: str) -> None:
    """What the cluster has, or why it does not answer."""
    if not address:
        st.caption("The address of its Ray dashboard, as 'ray start --head' prints it.")
        return
    try:
        nodes = nodes_of(cluster_address(f"{CLUSTER}{address}") or "")
    except ClusterError as error:
        st.warning(plain(str(error)), icon=":material/cloud_off:")
        return
    cores, gpus = sum(node.cores for node in nodes), sum(node.gpus for node in nodes)
    machines = "1 machine" if len(nodes) == 1 else f"{len(nodes)} machines"
    told = f"{machines} with {cores:g} cores and {f'{gpus:g} GPUs' if gpus else 'no GPU'} in all."
    st.caption(f"{told} Each run takes its share and waits until that is free.")
