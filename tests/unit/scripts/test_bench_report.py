"""What scripts/bench makes of arrivals: who was lost, which rate held, which ratio counts, what is reached."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ariroute.lab.debian import LabError
from scripts.benchmark.__main__ import QUICKLY, only_one_run, parser, plan_of
from scripts.benchmark.arrivals import Arrival, manager_conf, parse
from scripts.benchmark.customers import callers, tier_of
from scripts.benchmark.meter import Meter, Usage, machine_busy_seconds
from scripts.benchmark.report import (
    BEGIN,
    END,
    Table,
    UnusableDocument,
    as_json,
    as_markdown,
    inserted,
    pooled,
    tables,
    wishes,
)
from scripts.benchmark.rig import active_channels
from scripts.benchmark.rounds import Plan, highest_good, run
from scripts.benchmark.steps import Measured, Step, judge, paired_ratio, percentile


def measured(
    contender: str = "curl",
    rate: int = 50,
    number: int = 1,
    *,
    delay: int = 0,
    delays: Sequence[float] = (2.0,),
    lost: int = 0,
    reached: float | None = None,
    router: float = 0.0,
    foreign: float = 0.0,
    disturbed: bool = False,
    finished: bool = True,
) -> Measured:
    return Measured(
        Step(contender, rate, delay, number),
        placed=len(delays) + lost,
        lost=lost,
        misrouted=0,
        twice=0,
        reached_rate=rate if reached is None else reached,
        router_cpu=router,
        asterisk_cpu=4.0,
        customers_cpu=0.1,
        foreign=foreign,
        speed=7.0,
        disturbed=disturbed,
        finished=finished,
        delays=delays,
    )


def plan(*contenders: str, rates: tuple[int, ...] = (50, 100), rounds: int = 1, retries: int = 2) -> Plan:
    return Plan(contenders, {0: rates}, rounds, 1.0, seed=1, retries=retries, patience=0.0, repeating=10.0)


def arrival(number: str, *, queue: str = "", priority: int | None = None, entered: float = 0.0) -> Arrival:
    tier = tier_of(number)
    return Arrival(number, queue or tier.queue, tier.priority if priority is None else priority, entered, entered + 0.5)


class TestStatistics:
    def test_percentile_is_a_time_that_a_caller_really_had(self) -> None:
        hundred = [float(number) for number in range(100, 0, -1)]
        assert [percentile(hundred, percent) for percent in (50, 95, 99, 100)] == [50.0, 95.0, 99.0, 100.0]

    def test_percentile_of_nothing_is_no_number(self) -> None:
        assert math.isnan(percentile([], 50))

    def test_a_ratio_is_taken_within_a_round_so_that_a_slow_minute_of_the_machine_cancels_out(self) -> None:
        results = [
            measured("curl", number=1, delays=[2.0]),
            measured("node", number=1, delays=[4.0]),
            measured("curl", number=2, delays=[10.0]),
            measured("node", number=2, delays=[20.0]),
            measured("node", number=3, delays=[900.0]),
        ]
        assert paired_ratio(results, "node", "curl", lambda m: m.p50) == 2.0

    def test_a_ratio_to_a_contender_that_did_not_run_is_no_number(self) -> None:
        assert math.isnan(paired_ratio([measured("node")], "node", "curl", lambda m: m.p50))


class TestArrivals:
    def test_what_asterisk_sends_is_read_with_its_channel_variables(self) -> None:
        text = (
            "Event: QueueCallerLeave\r\nQueue: gold\r\n\r\n"
            "Event: QueueCallerJoin\r\nPrivilege: agent,all\r\nTimestamp: 1795290485.123456\r\n"
            "CallerIDNum: +46701000001\r\nChanVariable: T0=1795290485.120456\r\nChanVariable: QUEUE_PRIO=20\r\n"
            "Queue: gold\r\nPosition: 1\r\n\r\nEvent: QueueCallerJoin\r\nQueue: cut off"
        )
        (found,) = parse(text.rpartition("\r\n\r\n")[0])
        assert found == Arrival("+46701000001", "gold", 20, 1795290485.120456, 1795290485.123456)

    def test_the_manager_gets_a_user_for_the_bench_who_may_only_see_queues(self) -> None:
        text = manager_conf("[general]\nenabled = yes\n\n[ariroute]\nsecret = x\n", "y")
        assert text.startswith("[general]\ntimestampevents = yes\nchannelvars = T0,QUEUE_PRIO\n")
        assert "[bench]\nsecret = y\nread = agent\n" in text

    def test_when_everybody_arrives_once_and_right_then_nothing_is_held_against_the_step(self) -> None:
        numbers = callers(0, 10)
        outcome = judge(numbers, [arrival(number, entered=place / 50) for place, number in enumerate(numbers)])
        assert (outcome.lost, outcome.misrouted, outcome.twice) == (0, 0, 0)
        assert outcome.reached_rate == pytest.approx(50)
        assert outcome.delays == pytest.approx([500.0] * 10)

    def test_callers_lost_misplaced_and_doubled_are_told_apart(self) -> None:
        numbers = callers(0, 5)
        outcome = judge(
            numbers,
            [
                arrival(numbers[0], queue="gold"),
                arrival(numbers[1], priority=99),
                arrival(numbers[2]),
                arrival(numbers[2]),
                arrival("+46000000000"),
            ],
        )
        assert (outcome.lost, outcome.misrouted, outcome.twice) == (2, 2, 1)

    def test_a_tenth_of_the_callers_is_platinum_and_three_tenths_are_gold(self) -> None:
        queues = [tier_of(number).queue for number in callers(500, 1000)]
        assert [queues.count(name) for name in ("platinum", "gold", "standard")] == [100, 300, 600]


class TestGoodSteps:
    def test_a_clean_step_is_good(self) -> None:
        assert measured().good

    @pytest.mark.parametrize(
        "step",
        [
            pytest.param(measured(lost=1), id="a caller was lost"),
            pytest.param(measured(delays=[2.0] * 98 + [251.0] * 2), id="the tail is too long"),
            pytest.param(measured(rate=100, reached=92.0), id="the rate was not offered"),
            pytest.param(measured(delays=[], lost=0), id="nobody arrived"),
            pytest.param(measured(finished=False), id="calls were left hanging"),
        ],
    )
    def test_a_step_is_not_good_when(self, step: Measured) -> None:
        assert not step.good


class TestLadder:
    def test_who_fails_a_rate_leaves_the_ladder_of_that_round_only(self) -> None:
        asked: list[Step] = []

        def measure(step: Step) -> Measured:
            asked.append(step)
            weak = step.contender == "node" and step.rate >= 100
            return measured(step.contender, step.rate, step.round, lost=int(weak))

        run(plan("curl", "node", rates=(50, 100, 200), rounds=2), measure, lambda result: None)
        rates: dict[tuple[str, int], list[int]] = {(name, number): [] for name in ("curl", "node") for number in (1, 2)}
        for step in asked:
            rates[step.contender, step.round].append(step.rate)
        assert rates[("curl", 1)] == rates[("curl", 2)] == [50, 100, 200]
        assert rates[("node", 1)] == rates[("node", 2)] == [50, 100]

    def test_the_order_of_the_contenders_changes_and_can_be_repeated(self) -> None:
        names = ("a", "b", "c", "d", "e")

        def order(seed: int) -> list[str]:
            steps: list[Step] = []

            def measure(step: Step) -> Measured:
                steps.append(step)
                return measured(step.contender, step.rate, step.round)

            rounds = Plan(names, {0: (50,)}, 3, 1.0, seed, retries=0, patience=0.0, repeating=0.0)
            run(rounds, measure, lambda result: None)
            return [step.contender for step in steps]

        assert order(1) == order(1) != order(2)
        assert sorted(order(1)[:5]) == sorted(order(1)[5:10]) == list(names)
        assert order(1)[:5] != order(1)[5:10]

    def test_a_disturbed_step_is_repeated_and_the_least_disturbed_try_counts(self) -> None:
        tries = iter([(1.5, True), (0.6, True), (0.9, True)])

        def measure(step: Step) -> Measured:
            foreign, disturbed = next(tries)
            return measured(step.contender, foreign=foreign, disturbed=disturbed)

        (result,) = run(plan("curl", rates=(50,)), measure, lambda result: None)
        assert (result.foreign, result.tries, result.disturbed) == (0.6, 3, True)

    def test_a_quiet_try_ends_the_repeats(self) -> None:
        tries = iter([True, False])
        (result,) = run(plan("curl", rates=(50,)), lambda step: measured(disturbed=next(tries)), lambda result: None)
        assert (result.tries, result.disturbed) == (2, False)

    def test_when_repeats_have_used_up_their_time_then_there_are_no_more(self) -> None:
        now = iter(range(0, 1000, 6))  # each repeat takes 6 of the 10 seconds
        results = run(
            plan("curl", rates=(50, 100), retries=1),
            lambda step: measured(rate=step.rate, disturbed=True),
            lambda result: None,
            clock=lambda: float(next(now)),
        )
        assert [result.tries for result in results] == [2, 2]
        results = run(
            plan("curl", rates=(50, 100, 200), retries=1),
            lambda step: measured(rate=step.rate, disturbed=True),
            lambda result: None,
            clock=lambda: float(next(now)),
        )
        assert [result.tries for result in results] == [2, 2, 1]

    def test_the_highest_good_rate_ends_at_the_first_failure_of_its_round(self) -> None:
        results = [
            measured(rate=50),
            measured(rate=100, lost=1),
            measured(rate=200),
            measured(rate=50, number=2, lost=1),
            measured(rate=50, number=3),
        ]
        assert highest_good(results, "curl", 0) == {1: 50, 2: 0, 3: 50}


class TestReport:
    def figures(self) -> list[Measured]:
        return [
            result
            for number in (1, 2)
            for rate in (50, 100)
            for result in (
                measured("floor", rate, number, delays=[0.5] * 100),
                measured("curl", rate, number, delays=[2.0] * 98 + [10.0] * 2),
                measured("node", rate, number, delays=[4.0] * 100, router=3.0),
                measured("ariroute-ws", rate, number, delays=[1.8] * 98 + [9.0] * 2, router=0.9),
            )
        ]

    def test_each_wanted_figure_says_whether_it_is_reached(self) -> None:
        verdicts = {wish.what: (round(wish.got, 2), wish.verdict) for wish in wishes(self.figures())}
        assert verdicts == {
            "p50 at 50/s, of curl's": (0.9, "reached"),
            "p99 at 50/s, of curl's": (0.9, "not reached"),
            "p50 at 100/s, of curl's": (0.9, "reached"),
            "p99 at 100/s, of curl's": (0.9, "not reached"),
            "highest loss-free rate, of the floor's (ladder to 100/s)": (1.0, "reached"),
            "router CPU per call, ms": (0.9, "reached"),
            "router CPU per call, of node's": (0.3, "reached"),
        }

    def test_a_figure_whose_reference_did_not_run_is_not_measured_rather_than_reached(self) -> None:
        alone = [result for result in self.figures() if result.step.contender == "ariroute-ws"]
        verdicts = {wish.what: wish.verdict for wish in wishes(alone)}
        assert verdicts["p50 at 50/s, of curl's"] == "not measured"
        assert verdicts["router CPU per call, of node's"] == "not measured"
        assert verdicts["router CPU per call, ms"] == "reached"

    def test_a_cell_pools_the_callers_of_all_rounds_and_shows_loss_and_disturbance(self) -> None:
        cell = pooled([measured(delays=[1.0, 2.0]), measured(number=2, delays=[3.0], lost=2, disturbed=True)])
        assert cell == "2.0/3.0/3.0 2 lost*"

    def test_tables_hold_one_row_per_contender_and_one_table_of_figures_per_delay(self) -> None:
        slow = [measured("curl", delay=20, delays=[22.0])]
        shown = tables([*self.figures(), *slow], {"ariroute-ws": 70.2})
        assert [table.title for table in shown][:2] == [
            "Customer service answers at once",
            "Customer service answers after 20 ms",
        ]
        assert [row[0] for row in shown[0].rows] == ["floor", "curl", "node", "ariroute-ws"]
        assert shown[0].rows[3][-2:] == ["70", "100, 100"]

    def test_ratios_leave_out_the_rates_at_which_the_machine_is_full(self) -> None:
        results = [
            *self.figures(),
            measured("curl", 400, delays=[5.0]),
            measured("ariroute-ws", 400, delays=[500.0], router=9.0),
        ]
        ratios = next(table for table in tables(results, {}) if table.title.startswith("Ratios"))
        row = dict(zip(ratios.head, ratios.rows[-1], strict=True))
        assert (row["contender"], row["p50 / curl"], row["router CPU / node"]) == ("ariroute-ws", "0.90", "0.30")

    def test_json_has_every_step_and_no_number_that_json_does_not_know(self) -> None:
        results = [*self.figures(), measured("asyncari", delays=[], lost=50)]
        text = json.dumps(as_json(results, {"node": 94.0}, {"seed": 1}), allow_nan=False)
        whole = json.loads(text)
        assert len(whole["steps"]) == 17
        assert whole["steps"][-1] | {"p50": None, "lost": 50, "good": False} == whole["steps"][-1]

    def test_figures_replace_those_of_the_last_run_in_a_document(self) -> None:
        document = f"# Title\n{BEGIN}old\n{END}\nrest\n"
        markdown = as_markdown([Table("T", ["a", "b"], [["1", "2"]])])
        assert inserted(document, markdown) == (
            f"# Title\n{BEGIN}\n### T\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n{END}\nrest\n"
        )

    def test_a_document_without_marks_is_left_alone(self) -> None:
        with pytest.raises(UnusableDocument, match="has no two lines"):
            inserted("# Title\n", "figures")


class TestTheMachine:
    def test_busy_time_counts_what_the_host_stole_and_not_what_was_idle(self) -> None:
        stat = "cpu  100 10 200 99999 5000 30 40 20 7 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n"
        assert machine_busy_seconds(stat) == pytest.approx(4.0)

    def test_foreign_time_is_what_the_machine_used_beyond_ours(self) -> None:
        before = Usage(10.0, {"asterisk": 1.0, "node": 0.5}, 100.0)
        after = Usage(14.0, {"asterisk": 2.0, "node": 1.0}, 103.5)
        assert (after - before).foreign == pytest.approx(0.5)

    def test_a_router_that_died_keeps_its_last_reading_and_does_not_end_the_run(self) -> None:
        program = "import sys; print(sum(range(200_000)), flush=True); sys.stdin.read()"
        with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as router:
            assert router.stdout is not None
            router.stdout.readline()
            meter = Meter({"router": router.pid})
            alive = meter.read().ours["router"]
            assert meter.peak_mib("router") > 1
            router.kill()
        assert alive > 0
        assert meter.read().ours["router"] == alive
        assert meter.peak_mib("router") == 0.0

    @pytest.mark.parametrize(("answer", "count"), [("12 active channels\n6 active calls\n", 12), ("", 0)])
    def test_active_channels_are_read_from_the_console(self, answer: str, count: int) -> None:
        assert active_channels(answer) == count

    def test_a_second_run_is_refused_while_one_is_under_way(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        with only_one_run(), pytest.raises(LabError, match="another scripts/bench is running"), only_one_run():
            pass
        with only_one_run():
            pass


class TestOptions:
    def test_quick_measures_few_contenders_at_the_rates_that_matter(self) -> None:
        chosen = plan_of(parser().parse_args(["--quick"]))
        assert chosen == QUICKLY
        assert chosen.rates == {0: (50, 100), 20: (50,)}

    def test_options_narrow_the_plan(self) -> None:
        words = ["--contender", "floor", "--rates", "200,10", "--delays", "20", "--rounds", "1", "--seed", "7"]
        chosen = plan_of(parser().parse_args(words))
        assert (chosen.contenders, chosen.rates, chosen.rounds, chosen.seed) == (("floor",), {20: (10, 200)}, 1, 7)

    @pytest.mark.parametrize(
        "words", [["--rates", "fast"], ["--rates", "0"], ["--delays", "5"], ["--contender", "x"], ["--rounds", "0"]]
    )
    def test_what_cannot_be_measured_is_refused(self, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as refused:
            parser().parse_args(words)
        assert refused.value.code == 2
        assert words[1] in capsys.readouterr().err
