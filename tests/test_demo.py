from sealife_core import demo
from sealife_core.config import source_run
from sealife_core.runs.directory import list_runs


def test_demo_configs__compare_like_with_like(tiny_reef):
    configs = demo.demo_configs(tiny_reef, "one", "two")
    assert list(configs) == list(demo.NAMES)
    assert {config.data_hash for config in configs.values()} == {tiny_reef.content_hash}
    for keys in (
        ("simclr training", "simclr", "untrained"),
        ("imagenet", "continued training", "continued", "finetune"),
    ):
        assert len({(configs[key].encoder, configs[key].stem, configs[key].image_size_px) for key in keys}) == 1
    assert (source_run(configs["simclr"].weights), source_run(configs["continued"].weights)) == ("one", "two")
    assert configs["continued training"].keep_best


def test_launch_demo__queues_the_probe_of_imagenet_first_and_every_probe_after_its_encoder(tiny_reef, monkeypatch):
    launched = []
    monkeypatch.setattr(demo, "launch", launched.append)
    runs = demo.launch_demo()
    assert launched == runs
    assert demo.last_demo(list_runs()) == dict(zip(demo.NAMES, runs, strict=True))
    assert next(iter(demo.NAMES)) == "imagenet"
    for probe, training in (("simclr", "simclr training"), ("continued", "continued training")):
        found = dict(zip(demo.NAMES, runs, strict=True))
        assert source_run(found[probe].config().weights) == found[training].id
        assert runs.index(found[probe]) > runs.index(found[training])
    assert demo.last_demo([]) == {}


def test_last_demo__is_the_latest_one_and_none_of_the_other_runs(tiny_reef, monkeypatch):
    monkeypatch.setattr(demo, "launch", lambda run: None)
    first, second = demo.launch_demo(), demo.launch_demo()
    second[1].write_notes(tags=[])
    assert list(demo.last_demo(list_runs()).values()) == [second[0], *second[2:]]
    assert list(demo.last_demo(first[::-1]).values()) == first
    (second[2].path / "config.json").write_text("{")
    assert list(demo.last_demo(list_runs()).values()) == [second[0], *second[3:]]


def test_last_demo__of_before_began_with_simclr(tiny_reef, monkeypatch):
    monkeypatch.setattr(demo, "launch", lambda run: None)
    runs = demo.launch_demo()
    for run in runs:
        if run.config().weights == "imagenet":
            run.write_notes(tags=[])
    assert list(demo.last_demo(list_runs())) == ["simclr training", "untrained", "simclr", "continued"]
