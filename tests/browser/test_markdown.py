"""Names as Streamlit's own renderer shows them: only a browser says what it makes of Markdown."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from sealife_core.neutral import terminal_text
from tests.browser.served import ROOT, Dashboard
from tests.nasty_names import TEXTS

MARKDOWN = [
    "www.evil.example &copy; me@evil.example", "https://evil.example/x", "HTTP://x.y", "xhttps://evil.example",
    "mailto:me@x.yy", "http://localhost:80/a_b*c*", "![i](http://x/y.png)", "<b>x</b> a<br>b", "<!-- c -->", "&#x41;",
    ":fish:", ":+1: :-1:", ":material/home:", ":streamlit:", ":red[x]", ":red-background[x]", "::name[x]{y}", ":::note",
    "a -> b", "-- x", "<-> <- <= >= ~=", "$x^2$", "$$x$$", "\\$x\\$", "a | b", "~~x~~", "[^1]", "`x`", "```x",
    "- item", "- [ ] task", "+ x", "* x", "1. one", "2) two", "# head", "> q", "===", "---", "    code",
]  # fmt: skip
NAMES = [name for name in TEXTS.values() if name.strip() and len(name) < 400] + MARKDOWN
PAGE = """
import streamlit as st
from dashboard.words import plain
from tests.browser.test_markdown import NAMES

for at, name in enumerate(NAMES):
    for kind, show in {
        "bold": lambda: st.markdown(f"**{plain(name)}**!"),
        "alone": lambda: st.caption(plain(name)),
        "label": lambda: st.button(plain(name), key=at),
    }.items():
        with st.container(key=f"{kind}-{at}"):
            show()
"""
RENDERED = "[data-testid=stMarkdownContainer], [data-testid=stCaptionContainer]"
LOOK = """([rendered, n]) => Array.from({length: n}, (_, at) =>
Object.fromEntries(["bold", "alone", "label"].map(kind => {
    const shown = document.querySelector(`.st-key-${kind}-${at}`).querySelector(rendered);
    const made = [...shown.querySelectorAll("*")].map(e => e.tagName + (e.className ? "." + e.className : ""));
    return [kind, [shown.textContent, made.filter(e => !["P", "STRONG", "BR"].includes(e))]];
})))"""


def test_plain__every_name_is_shown_letter_by_letter_and_makes_nothing_else(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "page.py").write_text(PAGE)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    server = Dashboard(tmp_path, tmp_path / "page.py")
    server.begin()
    try:
        page.goto(server.url)
        all_shown = "([made, n]) => document.querySelectorAll(made).length >= n"
        page.wait_for_function(all_shown, arg=[RENDERED, 3 * len(NAMES)])
        page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")
        found = page.evaluate(LOOK, [RENDERED, len(NAMES)])
    finally:
        server.forget(page)
        server.end()
    for name, shown in zip(NAMES, found, strict=True):
        letters = "\n".join(map(terminal_text, name.split("\n")))
        for kind, (text, made) in shown.items():
            assert _folded(text) == _folded(letters + ("!" if kind == "bold" else "")), (kind, name)
            assert made == [], (kind, name)


def _folded(text: str) -> str:
    """As a page shows it: blanks are one, a word joiner is nothing."""
    return " ".join(text.replace("\u2060", "").split())
