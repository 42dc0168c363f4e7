"""Plain data that pages show. Knows no Streamlit."""
