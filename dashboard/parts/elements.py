"""What the scripts of several components have in common; it goes before the script of each."""

from pathlib import Path

ELEMENTS_JS = Path(__file__).with_name("elements.js").read_text(encoding="utf-8") + "\n"
