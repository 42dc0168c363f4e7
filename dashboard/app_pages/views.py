"""Views."""

import streamlit as st

st.title("Views")
