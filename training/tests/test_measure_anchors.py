import json
import shutil

import pytest

from sonotrack_training import measure_anchors


@pytest.mark.skipif(not shutil.which("c++"), reason="needs a C++ compiler")
def test_it_prints_the_chain_and_every_setting(data, capsys, monkeypatch):
    monkeypatch.setattr(measure_anchors, "CYCLE", 3)
    measure_anchors.main(["--data", str(data), "--cines", "1", "--variances", "0.005,0.05,16", "1,1,1"])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [r["flow"] for r in rows] == ["chained", "0.005,0.05,16", "1,1,1"]
    assert all(0 <= r["all"] <= 1 for r in rows)
