"""A widget that shows a value of the URL, in a script that runs."""

from streamlit.testing.v1 import AppTest


def page_with_a_box() -> None:
    import streamlit as st

    from dashboard.state.keys import UrlValue

    order, query = UrlValue("order", "page", "first"), UrlValue("query", "page")

    def turn() -> None:
        order.set(order.widget.held())
        query.set("")

    st.selectbox("Order", ["first", "last"], key=order.widget.showing(order.value), on_change=turn)
    st.button("Back", on_click=order.set, args=("first",))


def test_widget__follows_the_url_and_changes_it_with_other_values() -> None:
    app = AppTest.from_function(page_with_a_box)
    app.query_params["order"], app.query_params["query"] = "last", "crab"
    app.run()
    assert app.selectbox[0].value == "last"
    app.button[0].click().run()
    assert app.selectbox[0].value == "first"
    assert dict(app.query_params) == {"query": "crab"}
    app.selectbox[0].set_value("last").run()
    assert dict(app.query_params) == {"order": "last"}
