from sealife_core import demo
from sealife_core.config import task_of
from sealife_core.runs.directory import list_runs


def test_demo_configs__probe_and_finetune_start_from_simclr_at_its_size(tiny_reef):
    configs = demo.demo_configs(tiny_reef, "some-run")
    assert [task_of(config) for config in configs.values()] == ["simclr", "probe", "finetune"]
    assert {config.weights for config in configs.values()} == {"random", "run:some-run"}
    assert len({config.image_size_px for config in configs.values()}) == 1
    assert {config.data_hash for config in configs.values()} == {tiny_reef.content_hash}


def test_launch_demo__queues_three_runs_in_order(tiny_reef, monkeypatch):
    launched = []
    monkeypatch.setattr(demo, "launch", launched.append)
    runs = demo.launch_demo()
    assert launched == runs
    assert demo.last_demo(list_runs()) == runs
    assert demo.last_demo([]) == []


def test_last_demo__is_the_latest_one_and_none_of_the_other_runs(tiny_reef, monkeypatch):
    monkeypatch.setattr(demo, "launch", lambda run: None)
    first, second = demo.launch_demo(), demo.launch_demo()
    second[1].write_notes(tags=[])
    assert demo.last_demo(list_runs()) == [second[0], second[2]]
    assert demo.last_demo(first[::-1]) == first
