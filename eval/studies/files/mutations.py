"""How the fuzzer spoils a file: bytes, lines, tokens, numbers, nests, tags, encodings, JSON values, Word members, splices.

mutated(seed, seeds, random) -> a Seed that is somewhat wrong; the same for the same `random.Random`
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from eval.studies.files.seeds import Seed

MOST = 300_000  # characters of nearly every case; one of fifty may have MOST_RARELY
MOST_RARELY = 3_000_000
TIMES = (2, 3, 10, 40, 100, 1000, 10_000)

NUMBERS = (
    "0", "-1", "00", "1e308", "1e309", "-1e999", "NaN", "Infinity", "-Infinity", "0x1F", "1_000", "٣", "²", "½", "Ⅷ", "1.2.3",
    "99:99:99", "-0:01", "1:60:60", "24:00:00.000", "100000:00", "2147483648", "9223372036854775808", "1" + "0" * 400,
    "9" * 5000, "0." + "3" * 400, "1,5", "1 000", "𝟗", "1e-400", "4000-99-99", "0000-00-00", "31.02.2023",
)  # fmt: skip
TOKENS = (
    "-->", "->", "→", "=>", "--", "WEBVTT", "NOTE", "STYLE", "---", "...", "<v Ann>", "</v>", "<v", "<00:01.000>", "<c.x>",
    "<!--",
    "-->", "<![CDATA[", "]]>", "<!", "<?", "<div", "<p>", "</p>", "<script>", "<template>", "<cite>", "<time>", "<svg>",
    "<title>",
    "&#x110000;", "&#xD800;", "&#0;", "&rlm;", "&", "&&&;", "{", "}", "[", "]", "(", ")", '"', "'", "“", "”", "\\", "\\N",
    "{\\an8}",
    "\\u0000", "\\ud800", "\\", ":", "::", ": ", ">>", ">> ", "|", "||", "**", "__", "#", "###### ", "- ", "* ", "1. ",
    "[laughs]", "(",
    "♪", "…", "!?", "?!", ".", "Mr.", "e.g.", "www.", "https://x", "@", "&a ", "*a", "<<: *a", "!!python/object:os.system",
    "!!binary ",
    "? ", "! ", "%", "`", "~", "=", "\t", "\n", "\n\n", "\r", "\x00", "\x1b[2J", "\x85", "\u2028", "\ufeff", "\u200f",
    "\u202e", "\ud800",
    "\udcff", "\U0001f468\u200d\U0001f469", "ﬁ", "ß", "İ", "ǆ", "ا", "א", "漢", "e\u0301", "\u0301" * 40, "\ufffd",
    "\ufffe", "Ann:", "Ann Bo (00:01):",
    "SPEAKER_00", "Speaker 1", "Q:", "A:", "[00:00:01]", "(1:02:03)", "00:01", "12:40", "1", "a" * 300, " " * 300,
    "\u00a0", "​", "：", "،",
)  # fmt: skip
RUNS = (
    " ", "\n", "\t", ".", ",", ":", "-", "<", ">", "(", ")", "[", "{", "a", "A", "1", "…", "“", '"', "'", "&", "#", "*",
    "_", "|", "=",
    "!", "?", "\\", "/", "a ", "a.", ". ", "A. ", "a, ", "Mr. ", "St. J. ", "...? ", "a b. ", "1:", "00:", "<a ", "<b>",
    "</b>", "<!--", "-->",
    "<p", "<div>", "&lt;", "(a", "[a", "- ", "> ", ">> ", "A: ", "Ann: ", "Ann B: a\n", "[00:01] ", "\n\n\n", "\u0301",
    "é", "\u200b", "é. ", "?\" ",
    "…\" ", "e.g. ", "I ", "I'm ", "my name is ", "thank you ", "welcome ", "00:01 --> 00:02\n", "1\n", "a\n1\n", "---\n",
    "a: b\n", "- a\n", " a",
)  # fmt: skip
NESTS = (
    ("<div>", "</div>"), ("<b>", "</b>"), ("<table><tr><td>", "</td></tr></table>"), ("<ul><li>", "</li></ul>"), ("<!--", "-->"),
    ("(", ")"), ("[", "]"), ("{", "}"), ("“", "”"), ('{"a":', "}"), ("[", "]"), ("<i>", ""), ("", "</p>"), ("> ", ""),
    ("*", "*"), ("<span a=\"", "\">"),
    ("- ", ""), ("{a: ", "}"), ("&a [", "]"), ("<c>", "</c>"), ("<v Ann>", "</v>"), ("<w:tbl><w:tr><w:tc>",
    "</w:tc></w:tr></w:tbl>"), ("<w:p>", "</w:p>"),
)  # fmt: skip
ENCODINGS = (
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-32-be",
    "cp1252",
    "latin-1",
    "cp1251",
    "shift_jis",
    "gb18030",
    "utf-7",
    "cp037",
    "mac_roman",
    "big5",
)
XML = (
    '<w:gridSpan w:val="{n}"/>', "<w:vMerge/>", '<w:vMerge w:val="restart"/>', "<w:tbl/>", "<w:tbl><w:tr/></w:tbl>",
    "<w:tr><w:tc/></w:tr>",
    "<w:p/>", "<w:sdt><w:sdtContent><w:p/></w:sdtContent></w:sdt>", "<w:del><w:r><w:delText>x</w:delText></w:r></w:del>",
    '<w:gridBefore w:val="{n}"/>',
    "<w:ins><w:r><w:t>said</w:t></w:r></w:ins>", '<w:pStyle w:val="{n}"/>', "<!ENTITY a 'b'>", "&a;", "<w:br/>",
    "<w:tab/>", "<w:t>", "</w:t>",
    '<w:gridAfter w:val="{n}"/>', "<w:hyperlink><w:r><w:t>x</w:t></w:r></w:hyperlink>", "<w:trPr/>", "<w:tcPr/>", "<m:oMath/>",
)  # fmt: skip
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


def mutated(seed: Seed, seeds: Sequence[Seed], random: Random) -> Seed:
    """The seed with one to five faults, in the transcript or in what lies beside it."""
    for _ in range(1 + min(4, int(random.expovariate(0.8)))):
        where = random.random()
        if where < 0.1 and seed.sidecar:
            seed = replace(seed, sidecar=_spoiled_json(seed.sidecar, random))
        elif where < 0.17 and seed.chapters:
            seed = replace(seed, chapters=_spoiled_json(seed.chapters, random))
        elif where < 0.2:
            other = random.choice(seeds)
            seed = replace(seed, sidecar=other.sidecar or other.data[:2000], chapters=other.chapters)
        elif seed.data.startswith(b"PK\x03\x04") and where < 0.85:
            seed = replace(seed, data=_spoiled_docx(seed.data, random))
        elif seed.data[:1] == b"{" and where < 0.6:
            seed = replace(seed, data=_spoiled_json(seed.data, random))
        else:
            seed = replace(seed, data=_spoiled(seed.data, random.choice(seeds).data, random))
    if random.random() < 0.1:
        seed = replace(seed, suffix=random.choice((".srt", ".vtt", ".json", ".html", ".md", ".txt", ".docx")))
    return seed


def _spoiled(data: bytes, other: bytes, random: Random) -> bytes:
    """Bytes, or the text that they are, with one fault."""
    if random.random() < 0.15:
        return random.choice(_BYTES)(data, other, random)
    text = data.decode("utf-8", "surrogateescape")
    text = random.choice(_TEXT)(text, random)
    text = text[: MOST_RARELY if random.random() < 0.02 else MOST]
    if random.random() < 0.05:
        return text.encode(random.choice(ENCODINGS), "replace")
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _flip(data: bytes, other: bytes, random: Random) -> bytes:
    spoiled = bytearray(data)
    for _ in range(random.choice((1, 3, 30))):
        if spoiled:
            spoiled[random.randrange(len(spoiled))] = random.randrange(256)
    return bytes(spoiled)


def _cut(data: bytes, other: bytes, random: Random) -> bytes:
    first, last = sorted(random.randrange(len(data) + 1) for _ in range(2))
    return random.choice((data[:first], data[:first] + data[last:], data[first:last]))


def _splice(data: bytes, other: bytes, random: Random) -> bytes:
    at, there = random.randrange(len(data) + 1), random.randrange(len(other) + 1)
    return random.choice(
        (data[:at] + other[there:], other + data, data[:at] + other + data[at:], data + b"\n\n" + other)
    )


_BYTES: tuple[Callable[[bytes, bytes, Random], bytes], ...] = (_flip, _cut, _splice, _splice)


def _repeated(text: str, times: int) -> str:
    """So many times, or as many as make the largest case."""
    return text * min(times, MOST_RARELY // max(1, len(text)) + 1)


def _lines_moved(text: str, random: Random) -> str:
    lines = text.split("\n")
    at, to = random.randrange(len(lines)), random.randrange(len(lines))
    moved = random.randrange(6)
    if moved == 0:
        lines[at], lines[to] = lines[to], lines[at]
    elif moved == 1:
        lines[at : at + random.choice((1, 5))] = []
    elif moved == 2:
        lines[at:at] = [_repeated("\n".join(lines[to : to + random.choice((1, 4))]) + "\n", random.choice(TIMES))]
    elif moved == 3:
        random.shuffle(lines)
    elif moved == 4:
        lines[at] = _repeated(lines[at], random.choice(TIMES))
    else:
        return text.replace("\n", random.choice(("", " ", "\r", "\r\n", "\n\n", "\n \n")))
    return "\n".join(lines)


def _tokens_moved(text: str, random: Random) -> str:
    tokens = _TOKEN.findall(text) or [""]
    for _ in range(random.choice((1, 4, 20))):
        at, to = random.randrange(len(tokens)), random.randrange(len(tokens))
        moved = random.randrange(4)
        if moved == 0:
            tokens[at], tokens[to] = tokens[to], tokens[at]
        elif moved == 1:
            tokens[at] = ""
        elif moved == 2:
            tokens[at] = random.choice(TOKENS)
        else:
            tokens[at] += tokens[to]
    return "".join(tokens)


def _numbers(text: str, random: Random) -> str:
    share = random.choice((0.02, 0.2, 1.0))
    same = random.choice(NUMBERS)
    return _NUMBER.sub(
        lambda m: m[0] if random.random() > share else random.choice((same, random.choice(NUMBERS))), text
    )


def _inserted(text: str, random: Random) -> str:
    for _ in range(random.choice((1, 2, 10))):
        at = random.randrange(len(text) + 1)
        text = text[:at] + random.choice(TOKENS) * random.choice((1, 1, 2, 50)) + text[at:]
    return text


def _run(text: str, random: Random) -> str:
    run = random.choice(RUNS) * random.choice((40, 300, 3000, 30_000))
    if random.random() < 0.3:
        return run + random.choice(("", "x", "\n", text[:500]))
    at = random.randrange(len(text) + 1)
    return text[:at] + run + text[at:]


def _nested(text: str, random: Random) -> str:
    opens, closes = random.choice(NESTS)
    times = random.choice((1, 10, 40, 900, 20_000))
    first, last = sorted(random.randrange(len(text) + 1) for _ in range(2))
    return (
        text[:first]
        + opens * times
        + text[first:last]
        + closes * random.choice((times, times, 0, times - 1))
        + text[last:]
    )


def _tags(text: str, random: Random) -> str:
    share = random.choice((0.05, 0.5))
    return re.sub(
        r"[<>\[\](){}\"'&:;/\\|-]", lambda m: m[0] if random.random() > share else random.choice(("", m[0] * 2)), text
    )


_TEXT: tuple[Callable[[str, Random], str], ...] = (
    _lines_moved,
    _lines_moved,
    _tokens_moved,
    _tokens_moved,
    _numbers,
    _inserted,
    _inserted,
    _run,
    _nested,
    _tags,
)


def _odd(random: Random) -> Any:
    """A value where another was meant."""
    number = random.choice(NUMBERS)
    return random.choice((
        None, True, False, "",
    " ", [], {}, [[]], {"": ""}, 0, -1, 1e308, float("nan"), float("inf"), -float("inf"), 10**400, 2**63,
        number, f"{number}:{number}", random.choice(TOKENS),
    "a" * 5000, [None] * 50, {"name": None}, [{"startTime": number}], "\ud800",
        "https://a@b/", "file:///x", "../" * 40, ["a", ["b"]], {"from": None, "to": -1}, "1:2:3:4", "Ann\nBo", "‮Ann",
    ))  # fmt: skip


def _spoiled_json(data: bytes, random: Random) -> bytes:
    """The JSON with values, keys or its writing spoiled; other text as text."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return _spoiled(data, data, random)
    if random.random() < 0.25:
        return _spoiled(data, data, random)
    holders = [holder for holder in _holders(content) if holder]
    for _ in range(random.choice((1, 3, 12))):
        if not holders:
            break
        holder = random.choice(holders)
        key = random.choice(list(holder)) if isinstance(holder, dict) else random.randrange(len(holder))
        done = random.randrange(7)
        if done == 0 and isinstance(holder, dict):
            holder[random.choice(("speaker", "start", "end", "text", "title", "people", "segments", "words", "x"))] = (
                holder[key]
            )
        elif done == 1 and isinstance(holder, list) and len(holder) < 3000:
            holder += holder[:20] * random.choice((2, 10, 40))
        elif done == 2 and isinstance(holder[key], str):
            holder[key] = random.choice(_TEXT)(holder[key], random)[:MOST]
        elif done == 3 and isinstance(holder[key], int | float):
            holder[key] = random.choice(
                (-holder[key], holder[key] * 1000, repr(holder[key])[:50], holder[key] + 10**7, 0)
            )
        elif done == 4:
            other = random.choice(holders)
            holder[key] = json.loads(
                json.dumps(random.choice(list(other.values()) if isinstance(other, dict) else other))
            )
        else:
            holder[key] = _odd(random)
    return _limited(json.dumps(content, ensure_ascii=random.random() < 0.5)[:MOST_RARELY])


def _limited(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _holders(content: Any) -> list[Any]:
    found, waiting = [], [content]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list):
            found.append(one)
            waiting += one.values() if isinstance(one, dict) else one
    return found


def _spoiled_docx(data: bytes, random: Random) -> bytes:
    """The archive's bytes or headers spoiled, or what its members hold."""
    if random.random() < 0.2:
        return random.choice((_flip, _cut))(data, data, random)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {info.filename: archive.read(info) for info in archive.infolist()}
    except Exception:  # spoiled before, in whatever way
        return _flip(data, data, random)
    name = (
        "word/document.xml"
        if random.random() < 0.7 and "word/document.xml" in members
        else random.choice(list(members) or [""])
    )
    done = random.randrange(9)
    if done == 0:
        members.pop(name, None)
    elif done == 1:
        members[random.choice(("word/document.xml", "../x", name + "x", name.upper()))] = members.get(name, b"")
    elif done == 2:
        members[name] = random.choice(
            (b"", b"<", b"<a/>", b"\x00" * 20_000_000, random.choice(list(members.values()) or [b""]))
        )
    elif done < 6:
        members[name] = _spoiled_xml(members.get(name, b"").decode("utf-8", "surrogateescape"), random)
    else:
        members[name] = _spoiled(members.get(name, b""), data, random)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for member, content in members.items():
            archive.writestr(zipfile.ZipInfo(member or "x"), content, compress_type=random.choice((0, 8, 8)))
    made = out.getvalue()
    if random.random() < 0.1:  # headers: encrypted, another method, another size
        at = made.find(random.choice((b"PK\x03\x04", b"PK\x01\x02"))) + random.choice((6, 8, 10, 18, 22, 26))
        made = made[:at] + bytes([random.randrange(256)]) + made[at + 1 :]
    return made


def _spoiled_xml(text: str, random: Random) -> bytes:
    places = [
        match.end() for match in re.finditer(r"<w:(?:tcPr|tc|tr|tbl|p|r|t|body|tblGrid)(?: [^>]*)?>|</w:\w+>", text)
    ] or [0]
    for _ in range(random.choice((1, 3, 10))):
        at = random.choice(places)
        number = random.choice((*NUMBERS, "1000000", "1000000000"))
        piece = random.choice(XML).replace("{n}", number) * random.choice((1, 1, 1, 2, 300))
        text = text[: min(at, len(text))] + piece + text[min(at, len(text)) :]
    if random.random() < 0.3:
        text = _numbers(text, random)
    if random.random() < 0.2:
        text = text.replace("</w:body>", "<w:p><w:r><w:t>x</w:t></w:r></w:p>" * random.choice(TIMES) + "</w:body>")
    return text[: 4 * MOST_RARELY].encode("utf-8", "surrogatepass")
