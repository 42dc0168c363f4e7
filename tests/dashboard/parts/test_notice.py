"""The line at the top of a page: what was done has another sign than what went wrong."""

from streamlit.testing.v1 import AppTest


def test_notice__of_what_went_wrong_has_no_tick() -> None:
    def page() -> None:
        import streamlit as st

        from dashboard import state
        from dashboard.parts.notice import errors_said, notice
        from sealife_core.errors import RunError

        def fail() -> None:
            with errors_said():
                raise RunError("Stop *that* run first.")

        notice()
        st.button("Fail", on_click=fail)
        st.button("Do", on_click=state.say, args=("Done.",))

    app = AppTest.from_function(page, default_timeout=60).run()
    next(button for button in app.button if button.label == "Fail").click().run()
    assert app.markdown[0].value == r":material/error: Stop \*that\* run first."
    next(button for button in app.button if button.label == "Do").click().run()
    assert app.markdown[0].value == ":material/check_circle: Done."
