"""Plans for a room."""

from __future__ import annotations

import pandas as pd
import pytest

import marketing_archive as ma

NAN = float("nan")


def test_a_relocation_is_planned() -> None:
    slots = {f"HZ/R1/B1/C01/A/01/1/{i:02}": 50 for i in (1, 2, 3)}
    first, second, spare = slots
    standing = {"BOX-1": (first, 30), "BOX-2": (second, 30)}
    plan = ma.plan_relocation(slots, standing, {"BOX-1": second, "BOX-2": first})
    assert (len(plan.moves), plan.closed_cycles) == (3, 1)
    assert plan.moves[0].to == spare
    assert "3 moves" in plan._repr_html_()
    with pytest.raises(ma.InvalidInput, match="is wanted for the boxes"):
        ma.plan_relocation(slots, standing, {"BOX-1": spare, "BOX-2": spare})
    with pytest.raises(ma.NotFound, match="BOX-9"):
        ma.plan_relocation(slots, standing, [("BOX-9", spare)])
    with pytest.raises(ma.InvalidInput, match="wanted slots"):
        ma.plan_relocation(slots, standing, [("BOX-1", "no slot")])
    with pytest.raises(TypeError, match=r"wanted\[0\]: is 'BOX-1' \(str\): give \(box, slot\)"):
        ma.plan_relocation(slots, standing, ["BOX-1"])  # type: ignore[list-item]
    with pytest.raises(ma.InvalidInput, match=r'slots\["HZ/R1/B1/C01/A/01/1/01"\]: is -50'):
        ma.plan_relocation({first: -50}, standing, [])
    with pytest.raises(ma.InvalidInput, match=r'standing\["BOX-1"\]: is nan'):
        ma.plan_relocation(slots, {"BOX-1": (first, NAN)}, [])  # type: ignore[dict-item]
    widths = pd.DataFrame({"slot": list(slots), "width": 50})
    numpy = dict(zip(widths["slot"], widths["width"]))
    assert ma.plan_relocation(numpy, standing, {"BOX-1": spare}).moves[0].to == spare


def test_a_round_is_the_shortest() -> None:
    banks = [ma.Bank("HZ/R1/B1", width=10.0, drive="one-at-a-time", open=0), ma.Bank("HZ/R1/B2", width=10.0)]
    visits = [("HZ/R1/B1", 9, 30.0), ("HZ/R1/B1", 1, 30.0), ("HZ/R1/B2", 4, 30.0), ("HZ/R1/B1", 5, 30.0)]
    found = ma.plan_round(banks, visits, way=5.0)
    assert [stop.aisle for stop in found.stops if stop.bank == "HZ/R1/B1"] == [1, 5, 9]
    assert found.time == found.bound == found.stops[-1].leave
    assert "proven" in found._repr_html_()
    assert ma.plan_round(banks, []).stops == ()
    with pytest.raises(ma.NotFound, match="HZ/R1/B9"):
        ma.plan_round(banks, [("HZ/R1/B9", 1, 30.0)])
    with pytest.raises(ma.InvalidInput):
        ma.plan_round([*banks, banks[0]], visits)
    with pytest.raises(ma.InvalidInput, match=r"visits\[0\], the aisle: is -1"):
        ma.plan_round(banks, [("HZ/R1/B1", -1, 30.0)])
    for wrong in (NAN, -1.0, float("inf"), 1e300):
        with pytest.raises(ma.InvalidInput, match=r"visits\[1\], the stay: is "):
            ma.plan_round(banks, [visits[0], ("HZ/R1/B1", 1, wrong)])
        with pytest.raises(ma.InvalidInput, match=r"^way: is "):
            ma.plan_round(banks, visits, way=wrong)
        with pytest.raises(ma.InvalidInput, match=r"banks\[0\]\.width: is "):
            ma.plan_round([ma.Bank("HZ/R1/B1", width=wrong)], visits)


def test_a_cycle_count_takes_what_is_overdue_and_what_is_worth_it() -> None:
    def risk(aisle: int, *, days: float = 10, accesses: int = 0) -> ma.AisleRisk:
        return ma.AisleRisk("HZ/R1/B1", aisle, days=days, boxes=100, accesses=accesses, lasts=60)

    aisles = [risk(1), risk(2, accesses=50), risk(3, days=400), risk(4, accesses=10)]
    plan = ma.plan_cycle_count(aisles, time=120)
    assert plan.places == (("HZ/R1/B1", 3), ("HZ/R1/B1", 2))
    assert plan.lasts == 120 and plan.found <= plan.at_most
    assert "errors expected" in plan._repr_html_()
    with pytest.raises(ma.InvalidInput):
        ma.plan_cycle_count(aisles, time=120, astray_an_access=2.0)
    for wrong in (NAN, -1.0, float("inf")):
        with pytest.raises(ma.InvalidInput, match=r"aisles\[0\]\.days: is "):
            ma.plan_cycle_count([risk(1, days=wrong)], time=120)
        with pytest.raises(ma.InvalidInput, match=r"^time: is "):
            ma.plan_cycle_count(aisles, time=wrong)
        with pytest.raises(ma.InvalidInput, match=r"^overdue: is "):
            ma.plan_cycle_count(aisles, time=120, overdue=wrong)
