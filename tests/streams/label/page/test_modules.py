"""The page's pure modules, in the browser that runs them."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Reason
from streams.label.commands import ReleaseReason, ReportReason, SkipReason
from streams.label.forms import MOST_TYPED
from streams.label.hints import DENIED
from streams.label.problems import STATUS
from streams.redact.transform.mask import MASK
from streams.web.sessions import Ending
from streams.web.signin import SignInFault
from topology.permissions import Denial

NO_COMMENT = {
    Reason.COMMENTS_STOPPED,
    Reason.COMMENTS_USED_UP,
    Reason.TOO_MANY_COMMENTS,
    Reason.PERSON_PAUSED,
    Reason.UNKNOWN_TASK,
    Reason.NOT_PERMITTED,
}
FAMILY = "👩‍👩‍👧"
TEXTS = {
    "plain": "one two",
    "emoji": f"a{FAMILY}b 🙏🏽!",
    "combining": unicodedata.normalize("NFD", "Zoë était"),
    "hebrew": "שלום [PERSON_1] וברכה",
    "flags": "🇫🇮🇸🇪x",
    "hangul": unicodedata.normalize("NFD", "한국"),
    "lines": "one\r\ntwo\n",
    "empty": "",
}


@pytest.fixture
def js(seat):
    """Runs statements with the modules at hand."""
    seat.open()

    def run(statements: str, **values: object):
        given = "".join(f"const {name} = {json.dumps(value)};" for name, value in values.items())
        modules = (
            "text", "selection", "answer", "history", "pieces", "keys", "pace", "time", "practice", "drafts",
            "task", "sentences", "dialogs", "palette", "comments",
        )  # fmt: skip
        loaded = "".join(f"const {one} = await import('/page/{one}.js');" for one in modules)
        return seat.run(loaded + given + statements)

    return run


def reasons_with(status: int) -> list[str]:
    """Of an answer or a lease: why there is no hint, or no comment, is said in words of its own."""
    others = {*DENIED, *NO_COMMENT}
    return [reason.value for reason, answered in STATUS.items() if answered == status and reason not in others]


def units(text: str) -> list[int]:
    """UTF-16 units before each code point, and at the end: counted by Python."""
    return [len(text[:at].encode("utf-16-le")) // 2 for at in range(len(text) + 1)]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_code_points_are_those_that_the_server_counts(js, text):
    counted = js("const it = new text.FieldText(given); return [it.length, it.units];", given=text)
    assert counted == [len(text), units(text)]


def test_code_points_of_any_text_are_those_that_the_server_counts(js):
    """Many drawn texts in one call: the browser is asked once."""
    texts: list[str] = []

    @settings(max_examples=200, database=None)
    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
    def draw(text: str) -> None:
        texts.append(text)

    draw()
    found = js(
        """return texts.map((one) => {
            const it = new text.FieldText(one);
            const there = it.units.map((_, point) => it.toPoints(it.toUnits(point)));
            const cut = it.stops.every((stop) => it.slice(0, stop).isWellFormed());
            return [it.units, there, cut];
        });""",
        texts=texts,
    )
    for text, (counted, there, cut) in zip(texts, found, strict=True):
        assert counted == units(text)
        assert there == list(range(len(text) + 1))
        assert cut


@pytest.mark.parametrize(
    ("text", "start", "end", "snapped"),
    [
        (f"a{FAMILY}b", 2, 3, [1, 6]),  # inside joined emoji
        (f"a{FAMILY}b", 1, 6, [1, 6]),
        ("🙏🏽!", 1, 3, [0, 3]),  # a skin tone is no character of its own
        ("Zoe\u0308!", 3, 4, [2, 4]),  # neither is a diaeresis
        ("🇫🇮🇸🇪x", 1, 3, [0, 4]),
        ("ab", -5, 99, [0, 2]),
    ],
)
def test_selection_never_cuts_what_a_reader_takes_for_one_character(js, text, start, end, snapped):
    assert js(
        "const {start, end} = new text.FieldText(given).snap(from, to); return [start, end];",
        given=text, **{"from": start, "to": end},
    ) == snapped  # fmt: skip


def test_selection_never_cuts_a_placeholder(js):
    found = js(
        """const it = new text.FieldText("Hi [PERSON_1] you", [{start: 3, end: 13, category: "PERSON"}]);
        return [it.snap(5, 8), it.nextCharacter(3), it.previousCharacter(13), it.nextWord(2),
                it.previousWord(13)];"""
    )
    assert found == [{"start": 3, "end": 13}, 13, 3, 13, 3]


def test_words_leave_blanks_out_and_reach_the_edges(js):
    found = js(
        """const it = new text.FieldText("one, two");
        return [it.nextWord(0), it.nextWord(3), it.nextWord(8), it.previousWord(8), it.previousWord(5),
                it.previousWord(0), it.wordAt(6), it.wordAt(3), it.wordAt(4)];"""
    )
    assert found == [3, 8, 8, 5, 0, 0, {"start": 5, "end": 8}, {"start": 0, "end": 3}, None]


def test_motions(js):
    found = js(
        """const it = new text.FieldText("one 🙏🏽 two");
        let at = selection.caretAt("text", 0);
        const seen = [];
        for (const [motion, extend] of [
            ["nextWord", false], ["next", false], ["next", true], ["nextWord", true], ["previous", true],
            ["next", false], ["previousWord", true], ["start", true], ["end", false], ["all", false],
        ]) {
            at = selection.moved(at, it, motion, extend);
            seen.push([at.anchor, at.focus]);
        }
        return seen;"""
    )
    assert found == [[3, 3], [4, 4], [4, 6], [4, 10], [4, 9], [9, 9], [9, 7], [9, 0], [10, 10], [0, 10]]


def test_answer_toggles_relabels_and_orders(js):
    found = js(
        """const span = (start, end, label) => ({field: "text", start, end, label});
        let it = answer.toggled(answer.NOTHING, span(5, 9, "A"));
        it = answer.toggled(it, span(0, 9, "B"));
        it = answer.toggled(it, span(0, 9, "A"));
        const three = it.spans.map(({start, label}) => `${start}${label}`);
        const renamed = answer.relabeled(it, span(0, 9, "B"), "A").spans.length;
        it = answer.toggled(it, span(5, 9, "A"));
        const at = answer.spansAt(it, "text", 9).length;
        const tone = answer.chosen(answer.chosen(it, "tone", "calm"), "tone", "calm").choices;
        const open = answer.openChoices(answer.chosen(it, "tone", "calm"), {tone: [], place: []});
        return [three, renamed, it.spans.length, at, tone, open, answer.NOTHING.spans.length];"""
    )
    assert found == [["0A", "0B", "5A"], 2, 2, 2, {}, ["place"], 0]


def test_history_undoes_redoes_forgets_and_is_bounded(js):
    found = js(
        """const it = new history.History(0);
        const nothing = it.undo();
        for (let at = 1; at <= history.KEPT + 10; at += 1) it.push(at);
        it.undo(); it.undo(); it.redo();
        const there = it.present;
        it.push(-1);
        const redone = it.redo();
        let steps = 0;
        while (it.undo()) steps += 1;
        return [nothing, there - history.KEPT, redone, steps - history.KEPT, it.canUndo, it.canRedo];"""
    )
    assert found == [False, 9, False, 0, False, True]


def test_drafts_of_lost_tasks_are_few_and_taken_once(js):
    found = js(
        """const it = new drafts.Drafts();
        const lost = (name, begun = true) => {
            const labels = {spans: [], choices: {}};
            const one = task.Task.leased({task_id: name, fields: {}, placeholders: {}, labels}, undefined, 0);
            if (begun) one.history.push(answer.NOTHING);
            return it.keep(one);
        };
        const kept = [lost("untouched", false), lost("first")];
        for (let at = 0; at < drafts.KEPT; at += 1) lost(`later ${at}`);
        const taken = ["untouched", "first", "later 0", "later 0"].map((name) => it.take(name) !== undefined);
        it.clear();
        return [kept, taken, it.isEmpty, it.keep(null)];"""
    )
    assert found == [[False, True], [False, False, True, False], True, False]


def test_pieces_cut_at_every_edge_but_never_in_a_placeholder(js):
    found = js(
        """const it = new text.FieldText("0123[PERSON_1]45", [{start: 4, end: 14, category: "PERSON"}]);
        const span = (start, end, label) => ({start, end, label});
        const spans = [span(2, 15, "A"), span(6, 8, "B"), span(1, 3, "C")];
        return pieces.piecesOf(it, spans).map((one) =>
            [one.start, one.end, Boolean(one.atom), one.spans.map(({label}) => label).join("")]);"""
    )
    assert found == [
        [0, 1, False, ""], [1, 2, False, "C"], [2, 3, False, "AC"], [3, 4, False, "A"],
        [4, 14, True, "AB"], [14, 15, False, "A"], [15, 16, False, ""],
    ]  # fmt: skip


def test_twice_as_long_a_text_with_twice_as_many_placeholders_takes_twice_the_time(js):
    """Counted in looks at placeholders: a transcript has hundreds of them."""
    once, twice = js(
        """const looks = (times) => {
            let count = 0;
            const atom = (start) => ({
                category: "PERSON",
                get start() { count += 1; return start; },
                get end() { count += 1; return start + 10; },
            });
            const said = "call me, [PERSON_1], soon. ";
            const atoms = Array.from({length: times}, (_, at) => atom(9 + at * said.length));
            const it = new text.FieldText(said.repeat(times), atoms);
            const edges = atoms.map(({start, end}) => ({start, end, label: "NAME"}));
            count += pieces.piecesOf(it, edges).length;
            return count;
        };
        return [looks(200), looks(400)];"""
    )
    assert twice < 3 * once


def test_overlapping_spans_never_share_a_lane(js):
    spans = [{"start": 0, "end": 9}, {"start": 2, "end": 4}, {"start": 3, "end": 12}, {"start": 4, "end": 6}]
    assert js("return pieces.lanesOf(spans);", spans=spans) == [0, 1, 2, 1]


def test_keys_are_given_once_and_never_a_command(js):
    labels = [f"L{number}" for number in range(14)]
    found = js(
        """const it = keys.keysFor(labels, {tone: [..."abcdefghijklmnopqrstuv"]});
        const given = [...Object.values(it.labels), ...Object.values(it.choices.tone)];
        return [given, keys.COMMANDS.map(({key}) => key)];""",
        labels=labels,
    )
    given, commands = found
    used = [key for key in given if key]
    assert len(used) == len(set(used)) == 27
    assert given[:10] == list("1234567890")
    assert not set(used) & set(commands)


def test_key_presses_mean_commands_and_motions(js):
    found = js(
        """const command = (key, control = false, shift = false) => keys.commandOf({key, control, shift}) ?? null;
        const motion = (key, control, rtl) => keys.motionOf({key, control}, rtl) ?? null;
        return [
            command("z"), command("z", true), command("z", true, true), command("y", true), command("s", true),
            command("Backspace"), command("1"), motion("ArrowLeft", false, false),
            motion("ArrowLeft", false, true), motion("ArrowRight", true, true), motion("a", true, false),
            motion("a", false, false),
        ];"""
    )
    assert found == [
        "undo", "undo", "redo", "redo", None, "remove", None, "previous", "next", "previousWord", "all", None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pressed", "name"),
    [
        ({"key": "S", "code": "KeyS", "shiftKey": True}, "s"),
        ({"key": "ы", "code": "KeyS"}, "s"),
        ({"key": "Ω", "code": "KeyV", "shiftKey": True}, "v"),
        ({"key": "a", "code": "KeyQ"}, "a"),
        ({"key": "é", "code": "Digit2"}, "2"),
        ({"key": "&", "code": "Digit1"}, "1"),
        ({"key": "!", "code": "Digit1", "shiftKey": True}, "!"),
        ({"key": "?", "code": "KeyM", "shiftKey": True}, "?"),
        ({"key": "€", "code": "KeyE", "altGraph": True}, "€"),
        ({"key": "ö", "code": "Semicolon"}, "ö"),
        ({"key": "Enter", "code": "Enter"}, "Enter"),
    ],
    ids=lambda it: it if isinstance(it, str) else it["key"],
)
def test_keys_are_called_alike_on_all_keyboards(js, pressed, name):
    assert js(f"return keys.nameOf({json.dumps(pressed)});") == name


def test_pace_counts_time_at_tasks_only_and_says_nothing_too_early(js):
    found = js(
        """const it = new pace.Pace();
        it.ended("label", 10_000); it.ended("skip", 900_000); it.ended("label", 20_000);
        const early = it.summary();
        it.ended("label", 60_000); it.ended("report", 1); it.ended("release", 1);
        return [early.perHour, early.median, it.summary()];"""
    )
    late = {"labeled": 3, "skipped": 2, "reported": 1, "perHour": 120, "median": 20_000}
    assert found == [None, None, late]


def test_time_left_follows_the_server_not_this_machine(js):
    found = js(
        """let here = 5_000_000;
        const clock = new time.ServerClock(() => here);
        const before = clock.now();
        clock.heard("Thu, 26 Nov 2026 05:00:00 GMT");
        here += 1000;
        clock.heard("not a date");
        return [before, clock.now() - Date.parse("Thu, 26 Nov 2026 05:00:01 GMT"), time.untilBeat(300, 300),
                time.untilBeat(200, 300), time.urgency(60_001), time.urgency(60_000), time.urgency(0),
                time.minutes(65_000), time.spoken(400_000)];"""
    )
    assert found == [5_000_000, 500, 100, 0, "calm", "soon", "over", "1:05", "6.7 min"]


def test_a_call_that_took_long_tells_the_time_only_where_none_was_quicker(js):
    """Its date is that of the call, not of the answer."""
    found = js(
        """const clock = new time.ServerClock(() => 0);
        const ahead = (date, took) => {
            clock.heard(date, took);
            return clock.now() - Date.parse("Thu, 26 Nov 2026 05:00:00 GMT") - 500;
        };
        return [ahead("Thu, 26 Nov 2026 04:59:56 GMT", 4000), ahead("Thu, 26 Nov 2026 04:59:35 GMT", 25000),
                ahead("Thu, 26 Nov 2026 05:00:00 GMT", 40), ahead("Thu, 26 Nov 2026 04:59:35 GMT", 25000),
                ahead("Thu, 26 Nov 2026 05:00:01 GMT", 1900)];"""
    )
    assert found == [-4000, -4000, 0, 0, 1000]


def test_a_call_that_the_server_kept_is_told_the_clock_with_how_long_it_took(js):
    heard = js(
        """const {Api} = await import("/page/api.js");
        let here = 0;
        performance.now = () => here;
        const heard = [];
        globalThis.fetch = async () => {
            here += 25_000;
            return new Response("{}", {headers: {Date: "then"}});
        };
        await new Api({heard: (...told) => heard.push(told)}, () => {}).look();
        return heard;"""
    )
    assert heard == [["then", 25_000]]


def test_end_of_a_session_is_said_two_minutes_ahead(js):
    found = js(
        """const left = (expires_at, idle_expires_at) =>
            time.sessionLeft({expires_at, idle_expires_at}, 1_000_000);
        return [left(1120, null), left(1119, null), left(9999, 1060), left(1030, 1060), left(900, null)];"""
    )
    assert found == [None, 119_000, 60_000, 30_000, 0]


def test_practice_is_compared_span_by_span(js):
    found = js(
        """const span = (start, end, label) => ({field: "text", start, end, label});
        const known = {spans: [span(0, 4, "A"), span(5, 9, "B"), span(10, 14, "A"), span(20, 24, "B")],
                       choices: {tone: "calm"}};
        const spans = [span(0, 4, "A"), span(5, 9, "A"), span(10, 13, "A"), span(30, 31, "A")];
        const given = {spans, choices: {}};
        const it = practice.compared(known, given);
        const all = practice.compared(known, {spans: known.spans, choices: known.choices});
        return [it.right.length, it.wrongLabel.length, it.inexact.length, it.missed.length, it.extra.length,
                it.choices, it.perfect, all.perfect, known.spans.length];"""
    )
    choices = [{"name": "tone", "known": "calm"}]
    assert found == [1, 1, 1, 1, 1, choices, False, True, 4]


def test_every_reason_of_the_server_is_known_to_the_page(js):
    """Ends of sessions, refusals of a lease and of an answer; reasons to skip, give back and report."""
    conflicts, invalid = reasons_with(409), reasons_with(422)
    hints = [reason.value for reason in DENIED]
    found = js(
        """const told = (say, reasons) => reasons.map((reason) => say(reason)).filter((one) => one !== say(""));
        return [
            told(sentences.ofEnding, endings).length,
            told((reason) => sentences.ofLoss({status: 409, reason}), conflicts).length,
            told((reason) => sentences.ofRefusal({reason}), [...invalid, ...denials]).length,
            told(sentences.ofProblem, problems).length,
            told((reason) => sentences.ofNoHint({reason}), hints).length,
            told((reason) => sentences.ofNoComment({reason}), unsaid).length,
            dialogs.NEVER.map(([reason]) => reason),
            dialogs.LATER.map(([reason]) => reason),
            palette.REPORT_REASONS.map(({reason}) => reason),
        ];""",
        endings=[ending.value for ending in Ending], conflicts=conflicts, invalid=invalid, hints=hints,
        denials=list(Denial), problems=list(SignInFault), unsaid=[reason.value for reason in NO_COMMENT],
    )  # fmt: skip
    known = [Ending, conflicts, [*invalid, *Denial], SignInFault, DENIED, NO_COMMENT]
    assert found[:6] == [len(reasons) for reasons in known]
    assert found[6:] == [list(SkipReason), list(ReleaseReason), list(ReportReason)]


def test_placeholders_of_practice_texts_are_found_by_their_form(js):
    found = js("return practice.placeholdersIn(given);", given="🙏🏽 [EMAIL_ADDRESS_12] [x] [PERSON_1]")
    assert found == [
        {"start": 3, "end": 21, "category": "EMAIL_ADDRESS"},
        {"start": 26, "end": 36, "category": "PERSON"},
    ]


def test_comments_are_cut_at_masks_and_counted_as_the_server_counts(js):
    found = js(
        """return [comments.partsOf("*****, is it ***** or one*"), comments.partsOf("no"), comments.LONGEST,
                comments.room("🙏🏽"), comments.tooLong(2)];"""
    )
    masked = {"text": MASK, "masked": True}
    parts = [masked, {"text": ", is it "}, masked, {"text": " or one*"}]
    assert found == [
        parts,
        [{"text": "no"}],
        MOST_TYPED,
        MOST_TYPED - 2,
        "That is too long: 2 characters have to go.",
    ]


def test_how_long_ago_a_comment_was_written_is_said_in_words(js):
    minute = 60_000
    found = js(
        "return times.map((time) => comments.ago(time));",
        times=[-5, minute - 1, minute, 59 * minute, 60 * minute, 24 * 60 * minute, 50 * 60 * minute],
    )
    assert found == ["just now", "just now", "1 min ago", "59 min ago", "1 h ago", "a day ago", "2 days ago"]


def test_looks_for_what_waits_become_rare_and_end(js):
    waits = js("return [0, 1, 2, 3, 4, 5, 6].map((taken) => comments.nextLook(taken));")
    assert waits == [1000, 2000, 4000, 8000, 15_000, 30_000, None]
