"""What `benchmarks/engines.mjs` asks PyTorch."""

import io

from sonotrack_training import measure_speed


def test_each_call_is_answered_with_its_time(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["measure_speed", "--threads", "2"])
    monkeypatch.setattr("sys.stdin", io.StringIO("track\nsetImage\npredict\n"))
    measure_speed.main()
    ready, *times = capsys.readouterr().out.splitlines()
    assert ready == "ready"
    assert len(times) == 3
    assert all(float(ms) > 0 for ms in times)
