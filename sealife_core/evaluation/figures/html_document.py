"""A self-contained HTML file, to send, keep and print: one look for every report."""

from collections.abc import Mapping, Sequence
from html import escape

_STYLE = """
:root { color-scheme: light; } body { font: 16px/1.55 system-ui, sans-serif; color: #14262E; background: #fff;
max-width: 60rem; margin: 2rem auto; padding: 0 1rem; } h1 { font-size: 1.9rem; margin-bottom: .2rem; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .4rem; } .advice { border-left: 4px solid #0B7285; background: #F1F6F7;
padding: .8rem 1rem; border-radius: 0 .5rem .5rem 0; } .quiet { color: #5B6F77; font-size: .9rem; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; font-variant-numeric: tabular-nums; }
th { white-space: nowrap; }
/* A word is broken only if it is wider than its column: a table that needs more room scrolls. */
th, td { text-align: left; padding: .35rem .7rem .35rem 0; border-bottom: 1px solid #D5E0E3; vertical-align: top;
overflow-wrap: break-word; max-width: 20rem; }
td:first-child { min-width: 8rem; }
.wide { overflow-x: auto; } figure { margin: 0; } svg { width: 100%; height: auto; } .piles { display: grid;
grid-template-columns: repeat(auto-fill, minmax(7rem, 1fr)); gap: .6rem; } .piles img { width: 100%; aspect-ratio: 1;
object-fit: cover; border-radius: .4rem; } .piles figcaption { font-size: .75rem; line-height: 1.35; }
/* Six in a row: both views of a picture stand side by side, and so do a picture and its five neighbours. */
.six .piles { grid-template-columns: repeat(6, minmax(0, 1fr)); margin: .8rem 0; }
.six .eight .piles { grid-template-columns: repeat(8, minmax(0, 1fr)); }
pre { background: #F1F6F7; padding: .8rem 1rem; border-radius: .5rem; overflow-x: auto; }
details { margin: 1rem 0; } summary { font-weight: 600; cursor: pointer; }
/* Paper: nothing is cut, no heading stands alone at the foot of a page. */
@page { margin: 12mm; }
@media print { body { margin: 0; max-width: none; font-size: 10pt; line-height: 1.4; } h1 { margin-top: 0; }
h2 { font-size: 12.5pt; margin-top: .9rem; break-after: avoid; } p, ol { margin-block: .5em; }
th, td { padding-block: .15rem; }
details:not([open]) { display: none; } figure, tr, pre, ol, .advice, .together { break-inside: avoid; }
svg { max-height: 10.8cm; } .wide { overflow: visible; } th { white-space: normal; } p { orphans: 3; widows: 3; } }
"""


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
