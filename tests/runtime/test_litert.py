"""LiteRT's networks: a failure is a sentence, and nothing that anybody says meanwhile is lost."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest

from edgeverify.bundle.vision_bundle import DETECTOR_FILE, NAME, load_vision_bundle
from edgeverify.errors import BundleError, RuntimeUnavailableError
from edgeverify.runtime import litert
from edgeverify.runtime.litert import LiteRtNetwork
from tests.faces import MODELS, face_finder
from tests.waiting import patience


@pytest.fixture(scope="module")
def network() -> LiteRtNetwork:
    face_finder().close()
    model = load_vision_bundle(MODELS / NAME).file(DETECTOR_FILE)
    return LiteRtNetwork(model, name=DETECTOR_FILE)


def test_outputs_are_copies_in_the_networks_order(network: LiteRtNetwork) -> None:
    boxes, logits = network.run(np.zeros((1, 192, 192, 3), np.float32))
    before = boxes.copy()
    network.run(np.ones((1, 192, 192, 3), np.float32))
    assert (boxes.shape, logits.shape) == ((1, 2304, 16), (1, 2304, 1))
    np.testing.assert_array_equal(boxes, before)


def test_another_shape_than_the_networks_is_a_failure(network: LiteRtNetwork) -> None:
    with pytest.raises(RuntimeUnavailableError, match=f"the network {DETECTOR_FILE} fails: "):
        network.run(np.zeros((1, 10, 10, 3), np.float32))


@pytest.mark.parametrize("model", [b"", b"TFL3 but nothing else", bytes(1000)])
def test_bytes_that_are_no_network_are_a_sentence(model: bytes) -> None:
    with pytest.raises(BundleError, match=r"LiteRT cannot run the network x\.tflite"):
        LiteRtNetwork(model, name="x.tflite")


def test_two_threads_that_make_networks_at_once_leave_standard_error_where_it_was() -> None:
    before = os.fstat(2)
    inside, entered, left = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with litert._native_lines_dropped():
            inside.set()
            entered.wait(0.3)  # in vain: only one at a time
        left.set()

    def second() -> None:
        with litert._native_lines_dropped():
            entered.set()
            left.wait(10)

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert inside.wait(patience(10))
    threads[1].start()
    for thread in threads:
        thread.join()
    after = os.fstat(2)
    assert (after.st_dev, after.st_ino) == (before.st_dev, before.st_ino)
