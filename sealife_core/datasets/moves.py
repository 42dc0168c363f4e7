"""Images that would change their split: how many from where to where, and how many each split has then."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sealife_core.datasets.imports.splits import SPLITS
from sealife_core.wording import SPLIT_WORDS


@dataclass(frozen=True)
class Moves:
    """``moves``: row → new split, of the rows that move; ``splits``: of every row, before."""

    moves: Mapping[int, str]
    splits: tuple[str, ...] = field(repr=False)

    @property
    def between(self) -> Counter[tuple[str, str]]:
        """(From, to) → images."""
        return Counter((self.splits[row], split) for row, split in self.moves.items())

    @property
    def before(self) -> dict[str, int]:
        """Images of each split, before."""
        return {split: self.splits.count(split) for split in SPLITS}

    @property
    def after(self) -> dict[str, int]:
        """Images of each split, afterwards."""
        counts = Counter(self.moves.get(row, split) for row, split in enumerate(self.splits))
        return {split: counts[split] for split in SPLITS}

    @property
    def figures(self) -> dict[str, Any]:
        """How many move from where to where, and what each split has before and afterwards; as JSON takes it."""
        moved = [{"from": a, "to": b, "images": n} for (a, b), n in sorted(self.between.items())]
        return {"moved": moved, "before": self.before, "after": self.after}

    @property
    def moved(self) -> list[str]:
        """How many images move from where to where, and what each split has then; nothing if none moves."""
        if not self.moves:
            return []
        before, after = self.before, self.after
        moves = [f"{n:,} from {SPLIT_WORDS[a]} to {SPLIT_WORDS[b]}" for (a, b), n in sorted(self.between.items())]
        sizes = [f"{SPLIT_WORDS[split]} {before[split]:,} → {after[split]:,}" for split in SPLITS]
        return [f"Images that move: {', '.join(moves)}.", f"Images afterwards: {', '.join(sizes)}."]
