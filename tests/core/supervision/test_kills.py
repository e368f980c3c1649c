"""Whatever is killed, and whenever: nothing is lost, nothing is done twice, work goes on within seconds."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from integrations.core.processes import process_started
from tests.faults.database import OwnDatabase

from .stage import PATIENCE, Stage, Supervised, setting, wait_until


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, own_database: OwnDatabase) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("portal")
    with own_database(folder) as url, setting(folder, url) as stage:
        yield stage


@pytest.fixture
def stage(portal: Stage) -> Iterator[Stage]:
    yield portal
    portal.clear()


def kill(pid: int) -> None:
    assert pid
    os.kill(pid, signal.SIGKILL)


def gone(*pids: int) -> Callable[[], bool]:
    return lambda: all(process_started(pid) is None for pid in pids)


def test_a_busy_worker_is_killed_and_another_one_goes_on_with_its_job(stage: Stage) -> None:
    queue = stage.queue()
    stage.do("enqueue", "slow", 1)
    wait_until(lambda: stage.ledger()["began 1"], "the job")
    kill(queue.workers("processing")[0])
    stage.wait_for(1)
    stage.do("enqueue", "quick", 2)
    stage.wait_for(2)
    stage.wait_for_states("done", "done")
    assert stage.made() == Counter({1: 1, 2: 1})
    assert stage.do("states")[0][1] == 2  # attempts


def test_an_idle_worker_is_killed_with_the_lock_in_its_hands_and_the_queue_is_started_anew(stage: Stage) -> None:
    queue = stage.queue()
    first = queue.main
    kill(queue.workers("idle")[0])
    kill(queue.workers("idle")[-1])
    wait_until(lambda: queue.main not in (0, first), "a new main process")
    stage.do("enqueue", "quick", 1)
    stage.wait_for(1)
    assert gone(first)()
    assert stage.made() == Counter({1: 1})


LONG = pytest.mark.proof


@pytest.mark.parametrize(
    "who",
    [
        "main",
        pytest.param("sentinel", marks=LONG),
        pytest.param("pusher", marks=LONG),
        pytest.param("monitor", marks=LONG),
    ],
)
def test_a_process_that_holds_the_queue_together_is_killed(stage: Stage, who: str) -> None:
    queue = stage.queue()
    stage.do("enqueue", "slow", 1)
    wait_until(lambda: stage.ledger()["began 1"], "the job")
    everybody = queue.everybody()[1:]
    kill(queue.workers(who)[0] if who in ("pusher", "monitor") else getattr(queue, who))
    stage.do("enqueue", "quick", 2)
    stage.wait_for(1, 2)
    stage.wait_for_states("done", "done")
    assert stage.made() == Counter({1: 1, 2: 1})
    wait_until(gone(*everybody), "the end of all others")


def test_the_supervisor_is_killed_and_leaves_nobody_behind_and_no_job_half_done(stage: Stage) -> None:
    queue = stage.queue()
    stage.do("enqueue", "slow", 1, 2, 3)
    wait_until(lambda: stage.ledger()["began 1"], "the job")
    everybody = queue.everybody()
    kill(queue.process.pid)
    wait_until(gone(*everybody[1:]), "the end of all others")
    assert stage.made()[1] == 1
    stage.queue()
    stage.wait_for(1, 2, 3)
    assert stage.made() == Counter({1: 1, 2: 1, 3: 1})


@pytest.mark.proof
def test_a_queue_that_cannot_end_without_its_supervisor_is_gone_after_a_while(stage: Stage) -> None:
    queue = stage.queue()
    everybody = queue.everybody()
    os.kill(queue.sentinel, signal.SIGSTOP)
    kill(queue.process.pid)
    wait_until(gone(*everybody[1:]), "the end of all others")


@pytest.mark.proof
def test_everything_is_killed_at_once_and_a_new_start_goes_on(stage: Stage) -> None:
    queue = stage.queue()
    stage.do("enqueue", "slow", 1, 2)
    wait_until(lambda: stage.ledger()["began 1"], "the job")
    for pid in queue.everybody():
        kill(pid)
    stage.queue()
    stage.wait_for(1, 2)
    stage.wait_for_states("done", "done")
    assert stage.made() == Counter({1: 1, 2: 1})


@pytest.mark.proof
def test_orphans_of_a_killed_supervisor_and_main_process_end_with_their_next_wake_up(stage: Stage) -> None:
    queue = stage.queue()
    everybody = queue.everybody()
    os.kill(queue.main, signal.SIGSTOP)  # cannot hear that its supervisor died
    kill(queue.process.pid)
    kill(everybody[1])
    second = stage.queue()
    for order in range(20):
        stage.do("enqueue", "quick", order)
        stage.wait_for(order)
        if gone(*everybody)():
            break
    wait_until(gone(*everybody[:3]), "the end of the orphans")
    assert set(stage.made().values()) == {1}
    assert second.stop() == 0


def test_a_job_that_kills_its_worker_is_given_up_and_others_are_not_held_up(stage: Stage) -> None:
    stage.queue()
    stage.do("enqueue", "deadly", 1)

    def given_up() -> bool:
        stage.do("hurry")
        state: str = stage.do("states")[0][0]
        return state == "dead"

    wait_until(given_up, "the end of the deadly job", seconds=60)
    assert stage.ledger()["began 1"] == 5
    assert stage.do("states")[0][2] == "Given up after 5 attempts: Its worker died."
    stage.do("enqueue", "quick", 2)
    stage.wait_for(2)


def test_a_wake_up_that_is_delivered_again_does_nothing_again(stage: Stage) -> None:
    stage.queue()
    stage.do("enqueue", "slow", 1)
    wait_until(lambda: stage.ledger()["began 1"], "the job")
    stage.do("redeliver")
    stage.wait_for_states("done")
    stage.do("redeliver")
    stage.do("enqueue", "quick", 2)
    stage.wait_for(2)
    assert stage.ledger() == Counter({"began 1": 1, "made 1": 1, "made 2": 1})


def test_two_queues_on_one_database_share_the_work_and_one_goes_on_alone(stage: Stage) -> None:
    first, second = stage.queue(), stage.queue()
    slow = range(16)  # long enough for everybody to come to it
    stage.do("enqueue", "slow", *slow)
    wait_until(lambda: first.workers("processing") and second.workers("processing"), "both at work")
    for pid in first.everybody():
        kill(pid)
    stage.do("enqueue", "quick", *range(20, 60))
    stage.wait_for(*slow, *range(20, 60))
    assert set(stage.made().values()) == {1}
    assert second.stop() == 0


@pytest.mark.proof
def test_a_worker_that_stood_still_for_too_long_does_not_write_any_more(stage: Stage) -> None:
    queue = stage.queue()
    stage.do("enqueue", "slow", 1)
    frozen = wait_until(lambda: stage.ledger()["began 1"] and queue.workers("processing"), "the job")[0]
    os.kill(frozen, signal.SIGSTOP)
    stage.do("overrun")
    stage.wait_for(1)
    os.kill(frozen, signal.SIGCONT)
    wait_until(lambda: "was taken over by another worker" in queue.says(), "what the frozen one says")
    assert stage.made() == Counter({1: 1})


def test_the_end_waits_for_the_job_at_work_and_begins_no_other(stage: Stage) -> None:
    queue = stage.queue()
    stage.do("enqueue", "slow", 1, 2, 3, 4, 5, 6)
    wait_until(lambda: stage.ledger()["began 1"], "the job")
    everybody = queue.everybody()
    assert queue.stop() == 0
    assert gone(*everybody)()
    begun = {line.split()[1] for line in stage.ledger() if line.startswith("began")}
    assert stage.made() == Counter({int(order): 1 for order in begun})
    assert len(begun) <= 3
    assert Counter(state for state, *_ in stage.do("states")) == {"done": len(begun), "queued": 6 - len(begun)}


@pytest.mark.proof
def test_a_second_ctrl_c_does_not_wait_for_the_job_at_work(stage: Stage) -> None:
    queue = stage.queue()
    stage.do("enqueue", "endless", 1)
    wait_until(lambda: stage.ledger()["began 1"], "the job")
    everybody = queue.everybody()
    queue.process.send_signal(signal.SIGINT)
    wait_until(lambda: "stopping" in queue.says(), "that it was heard")
    assert queue.process.poll() is None
    queue.process.send_signal(signal.SIGINT)
    assert queue.process.wait(PATIENCE) == 1
    assert gone(*everybody)()
    assert "Traceback" not in queue.says()


def test_a_busy_worker_that_is_killed_takes_no_other_job_with_it(stage: Stage) -> None:
    queue = stage.queue()
    first = queue.main
    stage.do("enqueue", "slow", 1)
    wait_until(lambda: stage.ledger()["began 1"], "the first job")
    stage.do("enqueue", "deadly", 2)
    stage.wait_for(1)
    stage.wait_for_states("done", "queued")
    assert stage.do("states")[0][1] == 1  # attempts
    assert stage.ledger()["began 1"] == 1
    assert queue.main == first


@LONG
def test_a_cluster_that_takes_no_work_while_its_workers_stand_idle_is_started_anew(stage: Stage) -> None:
    queue = stage.queue()
    pusher = wait_until(lambda: queue.workers("pusher"), "the pusher")[0]
    os.kill(pusher, signal.SIGSTOP)  # lives, but hands out nothing
    stage.do("enqueue", "quick", 1)
    stage.wait_for(1)
    assert "queue stands still" in queue.says()


def test_a_queue_gives_signs_of_life(stage: Stage) -> None:
    queue: Supervised = stage.queue()
    wait_until(lambda: stage.do("beats") == 1, "a heartbeat")
    assert "starting queue (2 workers)" in queue.says()
