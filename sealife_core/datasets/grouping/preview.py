"""What a pattern makes of pictures, before anything is changed."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from sealife_core.datasets.grouping.exif import READ, written_in
from sealife_core.datasets.grouping.patterns import Pattern, groups_of
from sealife_core.datasets.imports.finding import ClassFolder, columns_of
from sealife_core.datasets.imports.sources import find_pictures
from sealife_core.datasets.imports.splits import SPLITS
from sealife_core.wording import counted

_SHOWN = 5  # groups, and names of images without one
MOST_OPENED = 1000  # files that a preview opens for what a camera wrote into them: a second or two


@dataclass(frozen=True)
class ImportPreview:
    """``images`` in ``groups``. ``largest``: (group, images, one of its files) of the largest ones; ``alone``: groups
    of one image; ``without``: images that have no group; ``without_named``: some of those; ``narrow``: classes in fewer
    than three groups, so that not every split can have one."""

    images: int
    groups: int
    largest: tuple[tuple[str, int, str], ...]
    alone: int
    without: int
    without_named: tuple[str, ...]
    narrow: tuple[str, ...]

    @property
    def sentences(self) -> list[str]:
        """How many groups, the largest, images without one, and whether these groups are of any use."""
        if not self.groups:
            return ["No image gets a group. Choose another pattern."]
        (name, most, _), *_ = self.largest
        said = [f"{counted(self.groups, 'group')} of {counted(self.images - self.without, 'image')}."]
        said[0] += f" The largest is {name!r} with {counted(most, 'image')}."
        if self.without:
            example = f", for example {self.without_named[0]!r}"
            said.append(f"{counted(self.without, 'image has', 'images have')} no group{example}.")
        if self.alone == self.groups:
            return [*said, "Every group has one image: nothing is kept together."]
        if 2 * self.alone > self.groups:
            said.append(f"{self.alone:,} of the groups have one image: they keep nothing together.")
        if self.narrow:
            are = counted(len(self.narrow), "class is", "classes are")
            said.append(f"{are} in fewer than three groups, such as {self.narrow[0]!r}: not every split can have one.")
        return said


def preview_of(groups: Sequence[str], names: Sequence[str], labels: Sequence[str]) -> ImportPreview:
    """The preview of images of these ``names`` with these ``groups`` and ``labels`` ("" is none)."""
    sizes = Counter(group for group in groups if group)
    first = dict(zip(reversed(groups), reversed(names), strict=True))
    largest = sorted(sizes, key=lambda group: (-sizes[group], group))[:_SHOWN]
    without = [name for group, name in zip(groups, names, strict=True) if not group]
    homes: dict[str, set[str]] = defaultdict(set)  # class → its groups; an image without one is its own
    for group, name, label in zip(groups, names, labels, strict=True):
        homes[label].add(group or f"\0{name}")
    return ImportPreview(
        images=len(groups),
        groups=len(sizes),
        largest=tuple((group, sizes[group], first[group]) for group in largest),
        alone=sum(count == 1 for count in sizes.values()),
        without=len(without),
        without_named=tuple(without[:_SHOWN]),
        narrow=tuple(sorted(label for label, of in homes.items() if label and len(of) < len(SPLITS))),
    )


def preview_import(source: Path | BinaryIO, pattern: Pattern, class_folder: ClassFolder = "first") -> ImportPreview:
    """The preview of an import of a folder, a zip (an opened file is one) or a CSV. Raises DatasetError.

    By what cameras wrote, of MOST_OPENED of its pictures. A zip is not unpacked: only its tables, and the beginning of
    what is opened.
    """
    with TemporaryDirectory(prefix="sealife-") as folder:
        found = find_pictures(source, Path(folder) / "names", None, class_folder, heads=())[0]
        if pattern.kind in READ:
            found = found[:: -(-len(found) // MOST_OPENED) or 1]
            zipped = {int(item.path.name) for item in found if item.path.is_relative_to(folder)}
            if zipped:
                again = find_pictures(source, Path(folder) / "heads", None, class_folder, heads=zipped)[0]
                found = [item for item in again if int(item.path.name) in zipped]
        names, labels = [item.source for item in found], [item.label for item in found]
        groups = groups_of(pattern, names, lambda: written_in([item.path for item in found]), columns_of(found))
        return preview_of(groups, names, labels)


def columns_to_import(source: Path | BinaryIO) -> tuple[str, ...]:
    """The further columns of the table with which an import would bring pictures. Raises DatasetError."""
    with TemporaryDirectory(prefix="sealife-") as folder:
        return tuple(columns_of(find_pictures(source, Path(folder) / "names", None, heads=())[0]))
