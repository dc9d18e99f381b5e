"""The report: all of it is there, nothing in it runs or is fetched, and people can use it on a phone and on a desk."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import hostile
import pytest
from results import Result, a_result, of_rows
from selectolax.lexbor import LexborHTMLParser

from eval.report.compare import compare
from eval.report.limits import check_limits, load_limits
from eval.report.metric_words import STAGES
from eval.report.plots import kinds_plot, latency_plot, risk_coverage_plot, short_seconds, time_error_plot
from eval.report.report import report_html, write_report
from eval.report.view import span, web_address
from index.plain import visible

ROOT = Path(__file__).parents[2]
HOSTILE = [
    *hostile.HOSTILE,
    "${7*7}",
    "{{7*7}}",
    "{% raw %}{{7*7}}",
    "'\"`<>&",
    "שלום \u202eold\u202c عليكم",
    "🦀🏺",
    "$x^2$ \\frac{1}{2}",
    "\x00\x1b[31m\ud800",
    "#010206",
    "a" * 400,
]
GATES = load_limits(ROOT / "eval" / "gates.toml")


def parsed(html: str) -> LexborHTMLParser:
    return LexborHTMLParser(html)


def texts(page: LexborHTMLParser, selector: str) -> list[str]:
    return [node.text(strip=True) for node in page.css(selector)]


def put_everywhere(value: Any, text: str, path: tuple[str, ...] = ()) -> Any:
    """The same result with `text` for each text in it, and in front of each name that comes from data."""
    if isinstance(value, dict):
        named = path in (("metrics",), ("verdicts",)) or path[:1] == ("verdicts",) or "filters" in path
        return {
            (f"{text}{key}" if named and key != "all" else key): put_everywhere(inner, text, (*path, key))
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [put_everywhere(inner, text, path) for inner in value]
    if path[-1:] == ("id",):
        return f"{text}{value}"
    return text if isinstance(value, str) else value


def hostile_result(texts: list[str]) -> Result:
    """A question for each of the texts, which stands in all of its fields; in all other fields they stand together."""
    result = a_result(len(texts), skill=0.4)
    result |= put_everywhere({key: value for key, value in result.items() if key != "questions"}, " ".join(texts))
    for number, text in enumerate(texts):
        row = put_everywhere(result["questions"][number], text, ("questions",))
        row |= {"error": text, "filters": {text: text}, "history": [{"role": text, "content": text}], "stage": text}
        result["questions"][number] = row | {"metrics": row["metrics"] | {text: 0.5}}
        result["metrics"]["all"][text] = {"mean": 0.5, "low": 0.0, "high": 1.0, "n": 1}
    return result


# ---- nothing runs, nothing is fetched


@pytest.fixture(scope="module")
def plain() -> LexborHTMLParser:
    return parsed(report_html(of_rows(a_result(21)["questions"])))


@pytest.mark.parametrize("first", range(0, len(HOSTILE), 12))
def test_hostile_text_in_every_field_stays_text(first, plain, tmp_path):
    hostiles = HOSTILE[first : first + 12]
    new, old = hostile_result(hostiles), hostile_result(hostiles)
    for row in old["questions"]:
        row["metrics"] = {name: 1 - value for name, value in row["metrics"].items()}
    comparison = compare(new, old)
    page_file = write_report(new, tmp_path, comparison=comparison, limits=check_limits(new, GATES, comparison))
    page = parsed(page_file.read_text(encoding="utf-8"))
    # Only the page's own script and style, and only elements that a harmless result's page could have as well.
    assert len(page.css("script")) == len(page.css("style")) == 1
    assert page.css_first("script").text() == plain.css_first("script").text()
    assert not page.css("iframe, img, object, embed, link, base, math, audio, video, animate, foreignObject, image")
    for node in page.css("*"):
        for name, value in node.attributes.items():
            assert not name.lower().startswith("on"), (node.tag, name)
            if name == "href":
                assert re.match(r"#|https?://", value or ""), value
            assert name not in ("src", "srcset", "action", "formaction", "srcdoc", "xlink:href")
    shown = {words.strip() for words in texts(page, ".lost h4")}
    assert shown == {visible(text).strip() for text in hostiles}
    table = (tmp_path / "table.md").read_text(encoding="utf-8")
    assert "<" not in table.replace("< .001", "") and "://" not in table and "\x1b" not in table
    assert not re.search(r"(?<!\\)\]\(|[\u202a-\u202e]", table)


def test_the_page_asks_nobody_for_anything():
    html = report_html(a_result(40), comparison=compare(a_result(40), a_result(40, skill=0.5)))
    page = parsed(html)
    own = {citation["url"] for row in a_result(40)["questions"] for citation in row["citations"]}
    links = {node.attributes["href"] for node in page.css("[href]") if not node.attributes["href"].startswith("#")}
    assert links and links <= own
    assert not re.search(r"@import|url\((?!#)", html)
    policy = page.css_first("meta[http-equiv]").attributes["content"]
    assert "default-src 'none'" in policy and "unsafe-inline" not in policy.split("script-src")[1]
    assert "fetch(" not in html and "XMLHttpRequest" not in html


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", " https://example.org", "java\nscript:alert(1)", "data:text/html,x",
     "//example.org", "file:///etc/passwd", "https://", "https://a b", 'https://a"onclick=x', None, 5, "vbscript:x"],
)  # fmt: skip
def test_only_addresses_of_the_web_are_links(url):
    assert web_address(url) is None


def test_an_address_of_the_web_is_a_link():
    assert web_address("HTTPS://example.org/a?b=c&d#t=64.2") == "HTTPS://example.org/a?b=c&d#t=64.2"


def test_a_key_is_never_written(tmp_path):
    result = a_result(7)
    result["made_by"]["settings"]["api_key"] = "sk-secret"
    write_report(result, tmp_path)
    assert "sk-secret" not in (tmp_path / "report.html").read_text() + (tmp_path / "table.md").read_text()


# ---- all of it is there


def test_every_lost_question_is_there_with_what_happened_to_it():
    result = a_result(70, skill=0.6)
    page = parsed(report_html(result))
    lost = [row for row in result["questions"] if row["stage"]]
    assert len(page.css(".lost")) == len(lost) > 20
    by_id = {node.css_first(".tags bdi").text(): node for node in page.css(".lost")}
    assert set(by_id) == {row["id"] for row in lost}
    for row in lost:
        node = by_id[row["id"]]
        words = " ".join(node.text().split())
        assert row["question"] in words and row["answer"] in words
        assert node.attributes["data-kind"] == row["kind"]
        assert node.parent.attributes["data-stage"] == row["stage"]
        for citation in row["citations"]:
            assert citation["quote"] in words and citation["speaker"] in words
            assert citation["url"] in {link.attributes["href"] for link in node.css("a")}
            assert ("not the place" not in words) == citation["right"]
        for turn in row["history"]:
            assert turn["content"] in words
        for value in row["filters"].values():
            assert value in words
        assert len(node.css(".passages li")) == len(row["found"])
        assert not row["gold"] or "1:03–1:16" in words
    stages = {row["stage"] for row in lost}
    assert all(STAGES[stage][1] in page.body.text() for stage in stages)


def test_the_headline_says_set_library_share_and_the_three_biggest_losses():
    result = a_result(70, skill=0.6)
    page = parsed(report_html(result))
    right = sum(row["stage"] is None for row in result["questions"])
    assert texts(page, "h1") == [f"{right} of 70 questions went right from end to end."]
    said = " ".join(page.css_first(".summary").text().split())
    assert "“mended”" in said and "“library” with 3 episodes and 64 passages" in said
    assert f"That is {100 * right / 70:.0f} % of the questions" in said
    sizes = [int(words) for words in texts(page, ".losses .n")]
    assert len(sizes) == 3 and sizes == sorted(sizes, reverse=True)


def test_every_metric_of_every_kind_is_in_a_table_with_its_interval_and_count():
    result = a_result(70)
    page = parsed(report_html(result))
    cells = [node for node in page.css("#kinds td") if node.css_first(".mean")]
    assert len(cells) == sum(len(values) for values in result["metrics"].values())
    assert all(re.search(r"–.* · n \d+", node.css_first("small").text()) for node in cells)
    every = {name for values in result["metrics"].values() for name in values}
    assert every <= set(texts(page, "#kinds code"))


def test_verdicts_comparison_and_gates_are_there_when_they_are_given(tmp_path):
    new, old = a_result(70, name="samples"), a_result(70, skill=0.4, name="samples")
    comparison = compare(new, old)
    gates = check_limits(new, GATES, comparison)
    page = parsed(write_report(new, tmp_path, comparison=comparison, limits=gates).read_text(encoding="utf-8"))
    assert sorted(texts(page, "#gates td:nth-child(2)")) == sorted(gate.status for gate in gates)
    assert len(page.css("#comparison .changes li")) == len(comparison.changed) > 0
    assert len(page.css("#verdicts tbody tr")) == 4
    table = (tmp_path / "table.md").read_text(encoding="utf-8")
    assert "### Gates" in table and "### Against the older result" in table and "| never said |" in table
    plain = parsed(report_html(new))
    assert not plain.css("#gates, #comparison")


def test_headings_are_in_order_tables_have_scopes_and_every_picture_a_name():
    new, old = a_result(70), a_result(70, skill=0.4)
    page = parsed(report_html(new, comparison=compare(new, old), limits=check_limits(new, GATES)))
    levels = [int(node.tag[1]) for node in page.css("h1, h2, h3, h4, h5")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.css("th") and all(node.attributes.get("scope") in ("row", "col") for node in page.css("th"))
    pictures = page.css("svg")
    assert len(pictures) == 7
    assert all(node.attributes["role"] == "img" and len(node.attributes["aria-label"]) > 20 for node in pictures)
    ids = [node.attributes["id"] for node in page.css("[id]")]
    assert len(ids) == len(set(ids))
    wanted = {node.attributes["href"][1:] for node in page.css("[href^='#']")}
    assert wanted <= set(ids)
    named = {node.attributes["for"] for node in page.css("label")}
    assert named == {node.attributes["id"] for node in page.css("select, input")}


# ---- results of other shapes


def bare(result: Result) -> Result:
    """As a run that only finds writes it: no answers, no verdicts, no curve."""
    rows = []
    for row in result["questions"]:
        kept = {
            key: row[key] for key in ("id", "kind", "half", "question", "asked", "history", "filters", "gold", "found")
        }
        metrics = {name: row["metrics"][name] for name in ("hit@1", "hit@5", "hit@10") if name in row["metrics"]}
        stage = None if metrics.get("hit@10", 1) else "not_found"
        rows.append(kept | {"metrics": metrics, "stage": stage, "seconds": {"retrieve": 0.01}})
    made = of_rows([{**row, "confidence": 0, "verdict": None, "expected": None} for row in rows], finding_only=True)
    for values in made["metrics"].values():
        for name in [name for name in values if not name.startswith("hit")]:
            del values[name]
    return made | {"verdicts": {}, "risk_coverage": {"points": [], "area": 0.0, "n": 0}}


def test_a_run_that_only_finds_has_a_page_about_finding():
    page = parsed(report_html(bare(a_result(70, skill=0.3))))
    (title,) = texts(page, "h1")
    assert title.startswith("The right place was found for ") and title.endswith(" of 50 questions.")
    assert "20 questions without an answer to find are left out" in page.body.text()
    assert not page.css("#verdicts")


def test_a_result_in_which_nothing_was_lost_says_so():
    rows = [row for row in a_result(140)["questions"] if row["stage"] is None]
    page = parsed(report_html(of_rows(rows)))
    assert "No question was lost." in page.body.text() and "Nothing was lost." in page.body.text()
    assert not page.css(".lost") and not page.css("#filters")


@pytest.mark.parametrize("kept", [0, 1])
def test_one_question_or_none_has_a_page(kept, tmp_path):
    result = of_rows(a_result(1)["questions"][:kept])
    result["metrics"].setdefault("all", {})
    page = parsed(write_report(result, tmp_path, comparison=None).read_text(encoding="utf-8"))
    right = sum(row["stage"] is None for row in result["questions"])
    title = f"{right} of 1 questions went right from end to end." if kept else "No question was asked."
    assert texts(page, "h1") == [title]


def test_places_without_times_speakers_and_scores_are_shown_without_them():
    result = a_result(70, skill=0.5)
    for row in result["questions"]:
        row["confidence"] = None
        row["seconds"] = dict.fromkeys(row["seconds"])
        for place in [*row["gold"], *row["citations"], *row["found"]]:
            place |= dict.fromkeys({"start", "end", "speaker", "url", "score", "time_error"} & set(place))
        row["gold"] = [place | {"text": "I never could throw it away."} for place in row["gold"]]
    result["quantiles"] = {"all": {}}
    page = parsed(report_html(result))
    words = page.css_first("#lost").text()
    assert "speaker unknown" in words and "I never could throw it away." in words
    assert not re.search(r"\bNone\b(?! of the passages)", words) and "1:03" not in words
    assert not page.css("#lost a")


def test_a_question_that_broke_off_says_why():
    result = a_result(7)
    result["questions"][0] = {
        "id": "fact-00",
        "kind": "fact",
        "half": None,
        "question": "Why?",
        "metrics": {"verdict_right": 0.0},
        "stage": "failed",
        "error": "the model did not answer",
        "citations": [],
    }
    words = parsed(report_html(result)).css_first("#lost").text()
    assert "It broke off: the model did not answer" in words


def test_an_estimated_time_is_marked():
    assert span(63.5, 76.1, 12.0) == "≈ 1:03–1:16"
    assert span(63.5, None) == "1:03"
    assert span(None, None) == ""


def test_tokens_and_money_are_told_where_a_model_was_asked():
    result = a_result(7)
    for row in result["questions"]:
        row["tokens"], row["cost"] = {"input": 812, "output": 90}, 0.002
    words = " ".join(parsed(report_html(result)).css_first("#kinds").text().split())
    assert "Input tokens a question 812 (n 7)" in words.replace("question812", "question 812") and "0.0140" in words


# ---- plots


def test_plots_say_in_words_what_they_show():
    result = a_result(70)
    assert "Share" not in (kinds_plot(result["metrics"], "hit@5") or "").split(">")[0]
    assert "all questions" in (kinds_plot(result["metrics"], "hit@5") or "")
    assert "area under the curve" in (risk_coverage_plot(result["risk_coverage"]) or "")
    assert "finding" in (latency_plot(result["questions"], result["quantiles"]["all"]) or "")
    assert "up to 1 s: " in (time_error_plot(result["questions"]) or "")


def test_plots_of_nothing_are_left_out():
    assert kinds_plot({}, "hit@5") is None
    assert kinds_plot(a_result(7)["metrics"], "passage_words") is None
    assert risk_coverage_plot(None) is risk_coverage_plot({"points": [], "area": 0.0, "n": 0}) is None
    assert latency_plot([], {}) is time_error_plot([]) is None


def test_plots_take_colours_and_letters_from_the_page():
    result = a_result(70)
    for svg in (kinds_plot(result["metrics"], "hit@5"), risk_coverage_plot(result["risk_coverage"])):
        assert svg is not None
        assert "var(--accent)" in svg and "DejaVu" not in svg and "<style" not in svg and "<metadata" not in svg
        assert not re.search(r"#0102\d\d", svg)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.0003, "0.3 ms"), (0.0124, "12 ms"), (0.002, "2 ms"), (1.44, "1.4 s"), (61, "61 s")]
)
def test_seconds_are_written_short(seconds, words):
    assert short_seconds(seconds) == words


# ---- in a browser


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    new, old = a_result(70, skill=0.6, name="samples"), a_result(70, skill=0.4, name="samples")
    new["questions"][3]["question"] = "x" * 300 + " <script>window.owned = 1</script>"
    new["questions"][3]["stage"] = old["questions"][3]["question"] = None
    old["questions"][3]["question"] = new["questions"][3]["question"]
    new["questions"][3]["stage"] = "not_found"
    comparison = compare(new, old)
    return write_report(
        new, tmp_path_factory.mktemp("report"), comparison=comparison, limits=check_limits(new, GATES, comparison)
    )


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(390, 844), (1440, 900)])
def test_the_page_fits_can_be_filtered_and_is_quiet(browser, report, width, height, scheme):
    expect = pytest.importorskip("playwright.sync_api").expect
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri())
    page.get_by_role("button", name="Open all").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    total = page.locator(".lost").count()
    assert (
        page.locator(".lost[open]").count() == total
        and page.locator("#told").inner_text() == f"{total} of {total} shown"
    )

    page.get_by_label("Kind of question", exact=True).select_option("fact")
    facts = page.locator(".lost:visible").count()
    assert 0 < facts == page.locator(".lost[data-kind='fact']").count() < total
    page.get_by_label("What was lost", exact=True).select_option("not_found")
    both = page.locator(".stage[data-stage='not_found'] .lost[data-kind='fact']").count()
    assert page.locator(".lost:visible").count() == both
    assert page.locator(".stage:visible").count() == (1 if both else 0)
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#told")).to_have_text(f"{total} of {total} shown")
    page.get_by_label("Words in it", exact=True).fill("WINDOW.OWNED")
    assert page.locator(".lost:visible").count() == 1
    page.locator(".losses a").first.click()
    expect(page.locator(".stage").first).to_be_visible()

    background, ink = page.evaluate("['backgroundColor', 'color'].map(name => getComputedStyle(document.body)[name])")
    assert luminance(background) > luminance(ink) if scheme == "light" else luminance(background) < luminance(ink)
    fills = page.evaluate("[...document.querySelectorAll('svg text')].map(node => getComputedStyle(node).fill)")
    assert fills and all(contrast(fill, background) >= 4.5 for fill in set(fills))
    assert page.evaluate("window.owned") is None
    assert said == [] and asked == [report.as_uri()]
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_words_have_enough_contrast(browser, report, scheme):
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(report.as_uri())
    pairs = page.evaluate(
        """() => { const pairs = new Set();
        for (const node of document.querySelectorAll('body *:not(svg *):not(script)')) {
          if (![...node.childNodes].some(child => child.nodeType === 3 && child.data.trim())) continue;
          let under = node;
          while (under && getComputedStyle(under).backgroundColor === 'rgba(0, 0, 0, 0)') under = under.parentElement;
          pairs.add(JSON.stringify([getComputedStyle(node).color, getComputedStyle(under ?? document.body).backgroundColor])); }
        return [...pairs].map(JSON.parse); }"""
    )
    assert pairs and all(contrast(ink, paper) >= 4.5 for ink, paper in pairs)
    context.close()


@pytest.mark.browser
def test_without_scripts_every_lost_question_is_there_and_no_dead_filter(browser, report):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.locator("#filters").is_hidden()
    assert page.locator(".lost:visible").count() == page.locator(".lost").count() > 0
    page.locator(".lost > summary").first.click()
    assert page.locator(".lost[open]").count() == 1
    context.close()


@pytest.mark.browser
def test_the_keyboard_reaches_filters_and_questions(browser, report):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(report.as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the figures"
    page.get_by_label("What was lost", exact=True).focus()
    seen = []
    for _ in range(6):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert seen == ["by-kind", "by-words", "BUTTON", "open", "close", "SUMMARY"]
    page.keyboard.press("Enter")
    assert page.locator(".lost[open]").count() == 1
    context.close()


def luminance(colour: str) -> float:
    """Relative luminance of `rgb(…)`, as WCAG defines it."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
