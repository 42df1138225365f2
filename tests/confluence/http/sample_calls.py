"""A call of each kind, and a good answer."""

from __future__ import annotations

from lockpoint.confluence.http.calls import Call, Repeat, get
from tests.confluence.oddhost import answer

READ = get("things.get", "/api/v2/things/1", query=(("b", "x y"), ("a", "ü/?&")))
VERSIONED = Call(name="things.put", method="PUT", path="/api/v2/things/1", body={"v": 2}, repeat=Repeat.FREELY)
CREATE = Call(name="things.post", method="POST", path="/api/v2/things", body={"v": 1})
GOOD = answer(200, {"ok": True})
