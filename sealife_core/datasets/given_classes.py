"""Classes that people gave pictures before these joined a data set, as corrections of who gave them, and when."""

from collections import defaultdict
from typing import NamedTuple

from sealife_core.datasets.corrections.draft import Draft
from sealife_core.datasets.corrections.entries import hear, in_force
from sealife_core.datasets.corrections.versions import known_label, renamed_since


class ByHand(NamedTuple):
    """The class that a person gave a picture; by whom ("": not known), and when: UTC, ISO 8601, "" if not known."""

    label: str
    by: str = ""
    at: str = ""


class GivenClasses:
    """What people said of pictures, as changes to the data set by when and by whom; nothing that its log has."""

    def __init__(self, draft: Draft, version: int | None, otherwise: str) -> None:
        self.changes: dict[tuple[str, str], dict[str, dict[str, str]]] = defaultdict(dict)
        self._dataset, self._people, self._version, self._otherwise = draft.dataset, draft.people, version, otherwise
        self._heard: dict[str, dict[str, str]] = {}
        self._times: set[tuple[str, str]] = set()  # when something was said, and of which image
        for entry in in_force(draft.dataset.entries):
            hear(self._heard, entry, "label")
            hear(self._heard, entry, "opinion")
            self._times.update((entry.at, image) for image in entry.images)

    def take(self, image: str, label: str, by_hand: ByHand) -> str:
        """Take in what was said of ``image``, which has that ``label`` by now; returns the class as it is called."""
        by = self._people.called(by_hand.by or self._otherwise)
        now = known_label(renamed_since(by_hand.label, self._dataset, self._version), self._dataset)
        heard = self._heard.setdefault(by, {})
        if heard.get(image) != now and (by_hand.at, image) not in self._times and (by or not label):
            self.changes[by_hand.at, by][image] = {"opinion" if label else "label": now}
            heard[image] = now
        return now

    def count(self, field: str) -> int:
        """How many classes are a new "label", or an "opinion"."""
        return sum(field in fields for images in self.changes.values() for fields in images.values())
