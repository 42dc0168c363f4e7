import threading

import pytest

from sealife_core.datasets.decoding.decoders import DECODERS, Decoders, memory_bytes
from sealife_core.errors import BusyError


def held(decoders: Decoders, needed_bytes: int) -> tuple[threading.Thread, threading.Event, threading.Event]:
    """A thread that asks for a place; set when it has got it; to be set to let it go."""
    inside, leave = threading.Event(), threading.Event()

    def work() -> None:
        with decoders.place(needed_bytes):
            inside.set()
            leave.wait(30)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread, inside, leave


@pytest.mark.parametrize(("most", "room"), [(2, 10**9), (9, 20)])
def test_place__no_more_than_so_many_and_so_much_at_once(most: int, room: int):
    decoders = Decoders(most, room)
    places = [held(decoders, 10) for _ in range(2)]
    assert all(inside.wait(30) for _, inside, _ in places)
    with pytest.raises(BusyError, match="Try again in a few seconds"), decoders.place(10, within_s=0):
        pass
    places[0][2].set()
    with decoders.place(10, within_s=30):
        pass
    places[1][2].set()
    for thread, _, _ in places:
        thread.join(30)
    with decoders.place(10**12, within_s=0):  # more than all there is: alone
        pass


def test_place__a_large_picture_is_not_overtaken_for_ever():
    decoders = Decoders(9, 10)
    first, first_in, first_leave = held(decoders, 5)
    assert first_in.wait(30)
    large, large_in, large_leave = held(decoders, 10)
    while not decoders._waiting:
        pass
    with pytest.raises(BusyError), decoders.place(5, within_s=0):  # there is room, but the large one came first
        pass
    first_leave.set()
    assert large_in.wait(30)
    large_leave.set()
    first.join(30)
    large.join(30)


def test_place__is_given_back_when_decoding_fails():
    decoders = Decoders(1, 10)
    with pytest.raises(ZeroDivisionError), decoders.place(10):
        _ = 1 / 0
    with decoders.place(10, within_s=0):
        pass


def test_decoders__have_room_for_a_picture_in_this_machine():
    assert 0 < DECODERS.room_bytes <= memory_bytes() / 4
    assert DECODERS.most >= 2
