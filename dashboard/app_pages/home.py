"""Home."""

import streamlit as st

st.title("Sea life lab")
