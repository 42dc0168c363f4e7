"""A self-contained HTML file, to send, keep and print: one look for every report."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

_STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


def document(title: str, under: str, body: str) -> str:
    """``body`` (HTML) below ``title`` and the line ``under`` it, which are plain text."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f'<p class="quiet">{escape(under)}</p>{body}</body></html>\n'
    )


def gallery(pictures: list[tuple[str, str]]) -> str:
    """(address, caption) of each picture, side by side, as HTML; "" without any."""
    figures = "".join(
        f'<figure><img src="{escape(address)}" alt="{caption}"><figcaption>{caption}</figcaption></figure>'
        for address, caption in ((address, escape(words)) for address, words in pictures)
    )
    return f'<div class="piles">{figures}</div>' if figures else ""


def table(rows: Sequence[Mapping[str, str]]) -> str:
    """Rows that all have the same columns, at least one, as HTML."""
    head = "".join(f"<th>{escape(column)}</th>" for column in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row.values()) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
