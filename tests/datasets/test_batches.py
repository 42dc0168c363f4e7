"""Batches: whole, in an order that depends on seed and epoch alone, never none."""

import numpy as np
import pytest
import torch
from pytorch_lightning import LightningModule, Trainer

from sealife_core.datasets.batches import ImageBatches
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import Pixels, open_pixels
from sealife_core.errors import DatasetError

pytestmark = [
    # Lightning advises loader processes; there is nothing for them to do.
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
    # The module under test logs nothing and trains a dozen steps.
    pytest.mark.filterwarnings("ignore:.*number of training batches.*"),
    # Lightning asks torch's trees in the old way.
    pytest.mark.filterwarnings("ignore:.isinstance.treespec, LeafSpec.:FutureWarning"),
    # Lightning's advice on machines that have a GPU.
    pytest.mark.filterwarnings("ignore:GPU available but not used"),
]


@pytest.fixture
def pixels(tiny_reef: Dataset) -> Pixels:
    return open_pixels(tiny_reef, 16)


def batches(dataset: Dataset, pixels: Pixels, **changes) -> ImageBatches:
    settings = {
        "train_rows": dataset.rows("train"), "val_rows": dataset.rows("val"), "batch_size": 8, "seed": 0
    } | changes  # fmt: skip
    return ImageBatches(dataset, pixels, **settings)


def order(loader) -> list[int]:
    return torch.cat([batch["rows"] for batch in loader]).tolist()


class Watcher(LightningModule):
    """Notes which rows Lightning hands it in which epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.seen: dict[int, list[int]] = {}
        self.validated: list[int] = []

    def training_step(self, batch, _):
        self.seen.setdefault(self.current_epoch, []).extend(batch["rows"].tolist())
        return self.weight.sum()

    def validation_step(self, batch, _):
        self.validated.extend(batch["rows"].tolist())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def fit(module: Watcher, data: ImageBatches, epochs: int, tmp_path, resume_from=None) -> Trainer:
    trainer = Trainer(
        max_epochs=epochs, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=tmp_path, num_sanity_val_steps=0,
    )  # fmt: skip
    weights_only = False if resume_from else None
    loaders = data.train_dataloader(), data.val_dataloader()
    trainer.fit(module, *loaders, ckpt_path=resume_from, weights_only=weights_only)
    return trainer


def test_a_batch__is_whole_and_fits_together(tiny_reef: Dataset, pixels: Pixels):
    batch = next(iter(batches(tiny_reef, pixels).train_dataloader()))
    rows = batch["rows"]
    assert {name: (tuple(t.shape), t.dtype) for name, t in batch.items()} == {
        "images": ((8, 16, 16, 3), torch.uint8),
        "aspects": ((8,), torch.float32),
        "labels": ((8,), torch.int64),
        "rows": ((8,), torch.int64),
    }
    assert np.array_equal(batch["images"].numpy(), pixels.array[rows.numpy()])
    assert np.array_equal(batch["labels"].numpy(), tiny_reef.labels[rows.numpy()])


def test_a_batch__is_gathered_at_once(tiny_reef: Dataset, pixels: Pixels, monkeypatch: pytest.MonkeyPatch):
    sizes: list[int] = []
    gather = Pixels.gather
    monkeypatch.setattr(Pixels, "gather", lambda self, rows: sizes.append(len(rows)) or gather(self, rows))
    data = batches(tiny_reef, pixels, train_rows=tiny_reef.rows("train")[:20])
    assert len(order(data.train_dataloader())) == 20
    assert sizes == [8, 8, 4]


def test_an_epoch__has_every_training_row_once_and_no_other(tiny_reef: Dataset, pixels: Pixels):
    data = batches(tiny_reef, pixels)
    assert sorted(order(data.train_dataloader())) == tiny_reef.rows("train").tolist()
    assert order(data.train_dataloader()) != tiny_reef.rows("train").tolist()
    assert order(data.val_dataloader()) == tiny_reef.rows("val").tolist()


def test_order__of_epoch_three_is_the_same_for_a_fresh_module(tiny_reef: Dataset, pixels: Pixels):
    went_through = batches(tiny_reef, pixels).train_dataloader()
    orders = []
    for epoch in range(4):
        went_through.sampler.set_epoch(epoch)
        orders.append(order(went_through))
    torch.manual_seed(123)  # nothing hidden may matter
    fresh = batches(tiny_reef, pixels).train_dataloader()
    fresh.sampler.set_epoch(3)
    assert order(fresh) == orders[3]
    assert len({tuple(o) for o in orders}) == 4
    other_seed = batches(tiny_reef, pixels, seed=1).train_dataloader()
    assert order(other_seed) != orders[0]


def test_lightning__sets_the_epoch(tiny_reef: Dataset, pixels: Pixels, tmp_path):
    watcher, data = Watcher(), batches(tiny_reef, pixels)
    fit(watcher, data, 3, tmp_path)
    by_hand = data.train_dataloader()
    assert set(watcher.seen) == {0, 1, 2}
    for epoch, seen in watcher.seen.items():
        by_hand.sampler.set_epoch(epoch)
        assert seen == order(by_hand)
    assert watcher.validated == tiny_reef.rows("val").tolist() * 3


def test_lightning__resumes_with_the_order_of_the_next_epoch(tiny_reef: Dataset, pixels: Pixels, tmp_path):
    whole = Watcher()
    fit(whole, batches(tiny_reef, pixels), 4, tmp_path)
    half = Watcher()
    fit(half, batches(tiny_reef, pixels), 2, tmp_path).save_checkpoint(tmp_path / "half.ckpt")
    resumed = Watcher()
    fit(resumed, batches(tiny_reef, pixels), 4, tmp_path, tmp_path / "half.ckpt")
    assert resumed.seen == {epoch: whole.seen[epoch] for epoch in (2, 3)}


def test_drop_last__never_leaves_an_epoch_without_batches(tiny_reef: Dataset, pixels: Pixels):
    few = tiny_reef.rows("train")[:5]
    data = batches(tiny_reef, pixels, train_rows=few, batch_size=128, drop_last=True)
    assert data.batch_size == 5
    assert sorted(order(data.train_dataloader())) == few.tolist()


def test_drop_last__drops_only_what_does_not_fill_a_batch(tiny_reef: Dataset, pixels: Pixels):
    rows = tiny_reef.rows("train")[:20]
    sizes = {
        drop: [len(b["rows"]) for b in batches(tiny_reef, pixels, train_rows=rows, drop_last=drop).train_dataloader()]
        for drop in (True, False)
    }
    assert sizes == {True: [8, 8], False: [8, 8, 4]}


# Lightning asks whether no validation was meant; it was.
@pytest.mark.filterwarnings("ignore:Total length of `list` across ranks is zero")
def test_no_validation_rows__is_no_validation(tiny_reef: Dataset, pixels: Pixels, tmp_path):
    watcher = Watcher()
    fit(watcher, batches(tiny_reef, pixels, val_rows=tiny_reef.rows("val")[:0]), 1, tmp_path)
    assert watcher.seen
    assert watcher.validated == []


def test_no_training_rows__are_refused_in_a_sentence(tiny_reef: Dataset, pixels: Pixels):
    with pytest.raises(DatasetError, match=r"'reef' has no training images"):
        batches(tiny_reef, pixels, train_rows=tiny_reef.rows("train")[:0])


@pytest.mark.parametrize("parts", [2, 4])
def test_shares__one_after_the_other_are_the_batch_of_one_device(tiny_reef: Dataset, pixels: Pixels, parts: int):
    one = batches(tiny_reef, pixels, batch_size=12, drop_last=True).train_dataloader()
    several = [
        batches(tiny_reef, pixels, batch_size=12, share=(part, parts)).train_dataloader() for part in range(parts)
    ]
    for epoch in range(2):
        for loader in (one, *several):
            loader.sampler.set_epoch(epoch)
        assert [len(loader) for loader in several] == [len(one)] * parts
        for batch, *shares in zip(one, *several, strict=True):
            assert {len(share["rows"]) for share in shares} == {12 // parts}
            assert torch.equal(torch.cat([share["rows"] for share in shares]), batch["rows"])


def test_shares__make_a_batch_what_devices_can_share_equally(tiny_reef: Dataset, pixels: Pixels):
    rows = tiny_reef.rows("train")[:10]
    assert batches(tiny_reef, pixels, batch_size=9, train_rows=rows, share=(0, 4)).batch_size == 8
    reduced = batches(tiny_reef, pixels, batch_size=64, train_rows=rows, share=(3, 4))
    assert reduced.batch_size == 8
    assert [len(batch["rows"]) for batch in reduced.train_dataloader()] == [2]
    with pytest.raises(DatasetError, match=r"has 10 training images for this run, fewer than its 11 devices"):
        batches(tiny_reef, pixels, train_rows=rows, share=(0, 11))


@pytest.mark.parametrize("parts", [2, 4])
def test_shares__see_each_validation_row_once(tiny_reef: Dataset, pixels: Pixels, parts: int):
    val = tiny_reef.rows("val")
    loaders = [batches(tiny_reef, pixels, share=(part, parts)).val_dataloader() for part in range(parts)]
    assert [row for loader in loaders for row in order(loader)] == val.tolist()
    few = [batches(tiny_reef, pixels, val_rows=val[:1], share=(part, parts)).val_dataloader() for part in range(parts)]
    assert [order(loader) for loader in few] == [val[:1].tolist()] * parts  # a device without any would not be asked
