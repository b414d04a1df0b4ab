import json
import shutil

import pytest

from sonotrack_training import measure_jumps


@pytest.mark.skipif(not shutil.which("c++"), reason="needs a C++ compiler")
def test_it_prints_both_searches_by_kind_and_match(data, capsys):
    measure_jumps.main(["--data", str(data), "--clips", "5"])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {r["kind"] for r in rows} <= set(measure_jumps.KINDS)
    assert sum(r["masks"] for r in rows) >= 5
    assert all(0 <= r[search] <= 1 for r in rows for search in ("sharp", "jump"))
