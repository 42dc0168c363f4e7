"""A run that is sized in minutes: its first steps are measured, and how many epochs fit is written down, once.

What is planned stands in ``environment.json``, so that a run that was stopped goes on with the same number of steps,
and so the same learning rates, however busy the machine is by then.
"""

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass
from functools import partial
from statistics import quantiles
from typing import Any

import torch

from sealife_core.config import FineTuneConfig
from sealife_core.datasets.batches import ImageBatches
from sealife_core.datasets.dataset import Dataset
from sealife_core.models.encoders import Encoder
from sealife_core.runs.writer import RunWriter
from sealife_core.training.classifier import ClassifierModule
from sealife_core.training.feature_extraction import awaiting_another, status_progress, stoppable
from sealife_core.training.fine_tuning.activation_batches import ActivationBatches, restored
from sealife_core.training.fine_tuning.activations import (
    copies_that_fit,
    cut_of,
    frozen_part,
    goes_on_from,
    open_activations,
    stored,
)
from sealife_core.training.hardware import Hardware

WARM, LOOKS, LOOK_S = 2, 8, 6.0  # steps that warm up; then as many as that, or as fit into so many seconds
FEWEST_EPOCHS = 5  # a best epoch is to be chosen among some; of many images an epoch takes a part of them


@dataclass(frozen=True)
class MinutesPlan:
    """epochs: how many; images_per_epoch: how many training images make one; copies: of each that are stored."""

    epochs: int
    images_per_epoch: int
    copies: int


@dataclass(frozen=True)
class Costs:
    """Seconds: of one image through the frozen stages, through a step of the trained ones, and all the way unvaried."""

    frozen_s: float
    step_s: float
    whole_s: float


def as_planned(
    config: FineTuneConfig,
    run: RunWriter,
    dataset: Dataset,
    batches: ImageBatches,
    module: ClassifierModule,
    machine: Hardware,
    began: float,
) -> tuple[FineTuneConfig, ImageBatches]:
    """Config and batches as they are trained: epochs that fit the minutes, images or what is stored of them.

    A run that is resumed keeps its plan; a new one is written down. began: when the run did, by ``time.monotonic``.
    ``module`` is told what it will be given. Raises Stopped where somebody stops the run meanwhile.
    """
    known = run.run.environment().get("plan")
    if known:
        plan = MinutesPlan(**known)
    else:
        n, val = len(batches.train_rows), len(batches.val_rows)
        plan = MinutesPlan(config.epochs, n, 0)
        if config.minutes or (config.stored_copies and cut_of(config)):
            run.status(stage="measuring", message="measuring the first steps")
            costs, image_bytes = measure(config, run, batches, module, machine)
            copies = copies_that_fit(config, dataset.folder, n, val, image_bytes) if image_bytes else 0
            plan = MinutesPlan(config.epochs, n, min(copies, config.epochs))
            if config.minutes:
                left_s = 60 * config.minutes - (time.monotonic() - began) - len(dataset) * costs.whole_s
                gpus = machine.devices if machine.device == "cuda" else 1  # processes of one processor share its cores
                plan = planned(left_s, costs, n=n, val=val, batch_size=batches.batch_size, copies=copies, gpus=gpus)
        run.environment(plan=asdict(plan))

    batches.an_epoch = plan.images_per_epoch
    module.config = config.model_copy(update={"epochs": plan.epochs})
    if plan.copies:
        assert isinstance(module.encoder, Encoder)
        module.cut = cut_of(config)
        told = status_progress(run, "storing activations", "views through the frozen stages, once for all epochs")
        held = open_activations(
            config, dataset, batches, module.encoder, machine, plan.copies, stoppable(run, told), awaiting_another(run)
        )
        batches = ActivationBatches(batches, held)
    return module.config, batches


def planned(
    left_s: float, costs: Costs, *, n: int, val: int, batch_size: int, copies: int, gpus: int = 1
) -> MinutesPlan:
    """What fits into ``left_s`` seconds: n training and ``val`` validation images, at most so many ``copies`` stored.

    Each of several GPUs takes its part of an epoch; one alone stores the copies. A copy is stored only if it is looked
    at at least once for each image, on average: else storing it costs more than it saves. At least one step is made.
    """
    shortest = min(batch_size, n)
    for stored_copies in range(copies, -1, -1):
        an_image = (costs.step_s + (0 if stored_copies else costs.frozen_s)) / gpus
        validating = val * (costs.step_s / 3 + (0 if stored_copies else costs.frozen_s)) / gpus
        storing = (stored_copies * n + val) * costs.frozen_s if stored_copies else 0.0
        usable = left_s - storing
        most = (usable / FEWEST_EPOCHS - validating) / an_image
        an_epoch = max(shortest, min(n, int(most)))
        epochs = max(1, int(usable / (an_epoch * an_image + validating)))
        if not stored_copies or (usable > 0 and epochs * an_epoch >= stored_copies * n):
            return MinutesPlan(epochs, an_epoch, stored_copies)
    raise AssertionError


def measure(
    config: FineTuneConfig, run: RunWriter, batches: ImageBatches, module: ClassifierModule, machine: Hardware
) -> tuple[Costs, int]:
    """What an image costs, and the bytes of its activations (0 where none can be stored). ``module`` stays as it is."""
    cut = cut_of(config)
    with torch.random.fork_rng():
        batch: Any = next(iter(batches.train_dataloader()))
        n = len(batch["labels"])
        tried = deepcopy(module).to(machine.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        batch = {name: value.to(machine.device) for name, value in batch.items()}
        inputs, frozen_s, image_bytes = tried.inputs(batch, augment=True), 0.0, 0
        if cut is not None:
            assert isinstance(tried.encoder, Encoder)
            frozen_s = _seconds(partial(frozen_part, cut, tried.encoder, inputs, machine), machine) / n
            held = stored(frozen_part(cut, tried.encoder, inputs, machine))
            given = restored(torch.from_numpy(held)).to(machine.device)
            if goes_on_from(cut, tried.encoder, inputs, given, machine):
                tried.cut, inputs, image_bytes = cut, given, held[0].nbytes
            elif config.stored_copies:
                run.warn(f"{config.encoder} cannot be trained from stored activations. Its images are varied anew.")
        optimiser = tried.optimiser()

        def step() -> None:
            optimiser.zero_grad()
            with machine.autocast:
                loss = tried.loss(tried(inputs), batch["labels"])
            loss.backward()
            optimiser.step()

        step_s = _seconds(step, machine) / n
    if not image_bytes:  # the step was measured with the frozen stages in it
        step_s = max(step_s - frozen_s, 0.0)
    return Costs(frozen_s, step_s, frozen_s + step_s / 3), image_bytes


def _seconds(act: Callable[[], object], machine: Hardware) -> float:
    """The lower quartile of a few times: other programs only add to them. The first choose kernels and do not count.

    A GPU goes on after ``act`` has returned: it is waited for.
    """
    taken: list[float] = []
    began = time.perf_counter()
    while len(taken) < WARM + 2 or (len(taken) < WARM + LOOKS and time.perf_counter() - began < LOOK_S):
        started = time.perf_counter()
        act()
        if machine.device == "cuda":
            torch.cuda.synchronize()
        taken.append(time.perf_counter() - started)
    return quantiles(taken[WARM:], n=4, method="inclusive")[0]
