"""Signals that differ from one site to another: what every server got, byte by byte."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count, product
from typing import Any

import pytest

from rbutton.native import signals as told_signals
from rbutton.person.settings import Exemption, Settings, Signals
from rbutton.person.settings import Site as Wish
from tests.choices import many
from tests.e2e.browsers import Page
from tests.e2e.conftest import NewPerson
from tests.e2e.per_site import (
    BOTH,
    NEITHER,
    UNTIL,
    Sent,
    choose,
    chosen,
    frames_read,
    page_at,
    sent_to,
    serve,
    told,
    wait_in_frame,
)
from tests.e2e.person import Person
from tests.e2e.recorder import Site

CHOICES = """
[sites."news.test"]
gpc = "off"
[sites."*.news.test"]
button = "off"
[sites."deep.www.news.test"]
dnt = "off"
button = "on"
[sites."other.test"]
dnt = "off"
[sites."*.other.test"]
dnt = "exception"
gpc = "off"
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve() as one:
        yield one


@pytest.fixture(scope="module")
def person(new_person: NewPerson) -> Person:
    """A person with other wishes on some sites."""
    person = new_person()
    person.start()
    choose(person, CHOICES)
    return person


@pytest.fixture(autouse=True)
def _fresh(site: Site) -> None:
    site.forget()


GPC_OFF = Sent("1", None)
DNT_OFF = Sent(None, "1")


@pytest.mark.parametrize(
    ("host", "sent"),
    [
        ("ads.test", BOTH),
        ("news.test", GPC_OFF),
        ("www.news.test", NEITHER),
        ("deep.www.news.test", DNT_OFF),
        ("other.test", DNT_OFF),
        ("www.other.test", Sent("0", None)),
    ],
)
def test_the_longest_name_decides_for_the_page_and_all_it_loads(
    person: Person, tab: Page, site: Site, host: str, sent: Sent
) -> None:
    """The document, its own image, another site's image, a frame, and what a script fetches
    later; header and property alike."""
    frame = page_at(site, "cdn.test", "frame")
    tab.goto(page_at(site, host, image=f"{site.at('ads.test')}/third.svg", frame=frame))
    assert sent_to(site, host, "/page/a") == sent
    site.wait_for("/page/frame")
    tab.run("await fetch('/later.json');")
    assert sent_to(site, host, "/later.json") == sent
    if sent in (BOTH, GPC_OFF, NEITHER):
        # What the browser's standing rules say alone holds from the first byte.
        assert sent_to(site, host, "/own.svg") == sent
        assert sent_to(site, "ads.test", "/third.svg") == sent
        assert sent_to(site, "cdn.test", "/page/frame") == sent
    else:
        tab.run(f"await fetch('{site.at('ads.test')}/later.svg', {{mode: 'no-cors'}});")
        assert sent_to(site, "ads.test", "/later.svg") == sent
    untouched = person.browser.untouched
    assert told(tab) == {
        "dnt": sent.dnt or untouched["dnt"],
        **({"gpc": bool(sent.gpc)} if sent.gpc or untouched["gpc"] is not None else {}),
    }


def test_on_other_sites_its_server_gets_what_everybody_gets(
    person: Person, tab: Page, site: Site
) -> None:
    """A frame of a site with other wishes, in another site's page and in one of a name above
    or below: header and property are those of the page it is in."""
    for number, host in enumerate(["ads.test", "cdn.test"]):
        frame = page_at(site, "www.news.test", f"frame{number}")
        tab.goto(page_at(site, host, frame=frame))
        assert sent_to(site, "www.news.test", f"/page/frame{number}") == BOTH
        assert sent_to(site, "www.news.test", "/own.svg") == BOTH
        assert frames_read(tab) == [["1", True]]


@pytest.mark.parametrize(("framed", "boxed"), [("ads.test", {}), ("www.news.test", {"boxed": "1"})])
def test_a_frame_of_anothers_is_told_what_the_page_sends(
    person: Person, tab: Page, site: Site, framed: str, boxed: dict[str, str]
) -> None:
    """Late, once it has committed: so it is asked until it has it. In a sandbox a page's own frame
    is a stranger to it, too."""
    frame = page_at(site, framed, "frame")
    tab.goto(page_at(site, "www.news.test", frame=frame, **boxed))
    untouched = person.browser.untouched
    wait_in_frame(tab, untouched["dnt"], untouched["gpc"])


def test_leaving_a_site_takes_nothing_from_the_next_one(
    person: Person, tab: Page, site: Site
) -> None:
    """Back and forth in one tab, by links, between sites that need rules of the tab and one that
    does not; with the background stopped in between, too."""
    numbers = count()
    for stopped, host in product([False, True], ["other.test", "www.other.test", "news.test"]):
        tab.goto(page_at(site, host, f"from{next(numbers)}"))
        name = f"to{next(numbers)}"
        if stopped:
            person.browser.stop_background()
        to = page_at(site, "ads.test", name, image=f"{site.at('cdn.test')}/{name}.svg")
        tab.run(f"location.href = {json.dumps(to)};")
        assert sent_to(site, "ads.test", f"/page/{name}") == BOTH
        assert sent_to(site, "cdn.test", f"/{name}.svg") == BOTH
        own = [one for one in site.to("/own.svg") if one.all("host")[0].startswith("ads.")]
        assert all(Sent.of(one) == BOTH for one in own)
        # The next address must not come into the middle of this one.
        tab.run(
            "while (document.readyState !== 'complete') await new Promise(requestAnimationFrame);"
        )


@pytest.mark.parametrize("there", ["/never", "/download"])
def test_while_the_next_page_does_not_come_this_one_keeps_its_signals(
    person: Person, tab: Page, site: Site, there: str
) -> None:
    """A page could else take from its own requests what the person chose for it, by going to an
    address that never answers, or to a file."""
    tab.goto(page_at(site, "www.other.test"))
    tab.run("await fetch('/before.json');")
    tab.run(_ELSEWHERE % json.dumps(site.at("ads.test") + there))
    site.wait_for(there)
    site.wait_for("/after.json")
    paths = [one.path for one in site.requests]
    assert "/meanwhile.json" in paths[paths.index(there) :]
    for name in ("before", "meanwhile", "after"):
        assert {Sent.of(one) for one in site.to(f"/{name}.json")} == {Sent("0", None)}


# Nothing waits for it: a page that is on its way elsewhere may answer no script.
_ELSEWHERE = """
(async () => {
  location.href = %s;
  for (let at = 0; at < 200; at++) await fetch("/meanwhile.json");
  window.stop();
  await fetch("/after.json");
})();
"""


def test_while_choices_are_changed_over_and_over_nothing_drops(
    new_person: NewPerson, site: Site
) -> None:
    """A hundred changes, from nothing chosen to something and back, while a site that none of
    them is about is asked all the time: for pages, frames and what they load."""
    person = new_person("storm")
    person.start()
    options = person.options()
    tab = person.new_page()
    tab.goto(page_at(site, "ads.test"))
    tab.run(
        "window.going = true; window.read = [];"
        "(async () => { while (window.going) { await fetch('/storm.json');"
        " const frame = document.createElement('iframe'); frame.src = '/page/storm';"
        " document.body.append(frame);"
        " await new Promise((done) => frame.onload = done);"
        " window.read.push([frame.contentWindow.told.dnt, frame.contentWindow.told.gpc].join());"
        " frame.remove(); } window.over = true; })();"
    )
    person.browser.background_page(page_at(site, "cdn.test", "again", again="1"))
    for at in range(0, 100, 10):
        options.run(_STORM % at)
    tab.run(f"window.going = false; {UNTIL} await until(() => window.over);")
    assert set(tab.run("return window.read;")) == {"1,true"}
    # With that page in it: Playwright may wait for ever for the end of one that loads itself again.
    person.stop()
    for path in ("/storm.json", "/page/storm", "/page/again", "/own.svg"):
        asked = site.to(path)
        assert len(asked) > 20, path
        assert {Sent.of(one) for one in asked} == {BOTH}, path


_STORM = """
const port = (globalThis.browser ?? globalThis.chrome).runtime.connect({ name: "options" });
let answered;
port.onMessage.addListener(({ type }) => { if (type === "decided") answered(); });
const first = %d;
for (let at = first; at < first + 10; at++) {
  const key = ["dnt", "gpc", "button"][Math.floor(at / 2) %% 3];
  const value = at %% 2 ? null : "off";
  const done = new Promise((resolve) => { answered = resolve; });
  port.postMessage({ type: "set", key: `sites.storm.example.${key}`, value });
  await done;
}
"""


def test_without_a_host_the_last_good_choices_hold(new_person: NewPerson, site: Site) -> None:
    person = new_person("hostless")
    person.start()
    choose(person, CHOICES)
    person.stop()
    person.uninstall()
    person.start()
    for host, sent in (("ads.test", BOTH), ("www.news.test", NEITHER), ("other.test", DNT_OFF)):
        page = person.new_page()
        page.goto(page_at(site, host, "hostless"))
        assert sent_to(site, host, "/page/hostless") == sent
    popup = person.popup(page)
    popup.wait_for("html[data-reason=host-not-found]")
    popup.wait_for("#here-dnt:disabled:not(:checked)")
    popup.close()
    person.stop()


# The compiler of the rules, against the host's own reading of the settings

_COMPARE = """
const { lookup, regionsOf } = await import("/regions.js");
const { namesOf } = await import("/site_names.js");
const { standingRules } = await import("/site_rules.js");
const { registrations } = await import("/site_scripts.js");
const { dntFor, general } = await import("/regions.js");
const matches = (pattern, host) => {
  const name = pattern.slice("*://".length, -"/*".length);
  return ["*", host].includes(name)
    || (name.startsWith("*.") && `.${host}`.endsWith(name.slice(1)));
};
const HERE = { "page/dnt.js": "1", "page/dnt-here.js": "1", "page/dnt-exception.js": "0",
  "page/gpc.js": true, "page/gpc-here.js": true };
const ELSEWHERE = { "page/dnt.js": "1", "page/dnt-elsewhere.js": "1",
  "page/gpc.js": true, "page/gpc-elsewhere.js": true };
const wrong = [];
for (const { signals, hosts } of CASES) {
  const at = lookup(signals);
  const rules = standingRules(general(signals), [...regionsOf(signals).values()]);
  const scripts = registrations(general(signals), signals);
  const below = (host, domain) => host === domain || host.endsWith(`.${domain}`);
  for (const [host, wanted] of Object.entries(hosts)) {
    const { dnt, gpc } = at(host);
    if (dnt !== wanted.dnt || gpc !== wanted.gpc) wrong.push([host, wanted, dnt, gpc]);
    // As a browser goes through them: at most one rule a header is about this page.
    const sent = { DNT: [], "Sec-GPC": [] };
    for (const { condition, action } of rules) {
      const { regexFilter, requestDomains, excludedRequestDomains, resourceTypes } = condition;
      if (!resourceTypes.includes("main_frame") || action.type !== "modifyHeaders") continue;
      if (requestDomains && !requestDomains.some((domain) => below(host, domain))) continue;
      if (excludedRequestDomains?.some((domain) => below(host, domain))) continue;
      if (regexFilter && !new RegExp(regexFilter).test(`https://${host}:8080/a.b/c`)) continue;
      for (const { header, value } of action.requestHeaders) sent[header].push(value);
    }
    const by = JSON.stringify(sent);
    const right = JSON.stringify(
      { DNT: wanted.dnt ? [wanted.dnt] : [], "Sec-GPC": wanted.gpc ? ["1"] : [] });
    if (by !== right) wrong.push([host, right, by]);

    // As a browser chooses scripts: one at most for a page's own, and elsewhere as in general.
    const files = scripts.filter((script) => script.matches.some((one) => matches(one, host))
      && !(script.excludeMatches ?? []).some((one) => matches(one, host))).flatMap(({ js }) => js);
    const read = (signal, values) => {
      const some = files.filter((file) => file.startsWith(`page/${signal}`) && file in values);
      return [...new Set(some.map((file) => values[file]))];
    };
    const all = general(signals);
    for (const [signal, here, elsewhere] of [
      ["dnt", dntFor(at(host), host), all.dnt], ["gpc", gpc || null, all.gpc || null]]) {
      const told = JSON.stringify([read(signal, HERE), read(signal, ELSEWHERE)]);
      const due = JSON.stringify([here, elsewhere].map((value) => value === null ? [] : [value]));
      if (told !== due) wrong.push([host, signal, due, told]);
    }
  }
}
return JSON.stringify(wrong.slice(0, 5));
"""


def test_the_rules_and_scripts_say_what_the_settings_say(person: Person) -> None:
    """Names of a few labels in every arrangement, against `Settings.signals_with`."""
    chance = random.Random(7)
    hosts = [".".join(labels) for size in range(1, 5) for labels in product("ab", repeat=size)]
    names = [*hosts, *(f"*.{host}" for host in hosts)]
    cases = []
    for _ in range(150):
        settings = Settings(
            signals=Signals(chance.choice(["on", "off"]), chance.choice(["on", "off"])),
            sites={
                name: Wish(
                    dnt=chance.choice([None, "on", "off", "exception"]),
                    gpc=chance.choice([None, "on", "off"]),
                    button=chance.choice([None, None, None, "on", "off"]),
                )
                for name in chance.sample(names, chance.randrange(8))
            },
            exceptions=tuple(Exemption(name) for name in chance.sample(names, chance.randrange(3))),
        )
        signals = told_signals.told(settings, datetime.now(UTC))
        cases.append(
            {"signals": signals, "hosts": {host: _wanted(settings, host) for host in hosts}}
        )
    options = person.options()
    wrong = options.run(_COMPARE.replace("CASES", json.dumps(cases)))
    options.close()
    assert json.loads(wrong) == []


def _wanted(settings: Settings, host: str) -> dict[str, Any]:
    there = settings.signals_with(host)
    granted = any(
        one.site == host or (one.site.startswith("*.") and host.endswith(one.site[1:]))
        for one in settings.exceptions
    )
    dnt = {"on": "1", "off": None, "exception": "0"}[there.dnt]
    return {"dnt": "0" if granted and dnt else dnt, "gpc": there.gpc == "on"}


# What does not fit

_COUNTS = """
const { declarativeNetRequest: rules } = globalThis.browser ?? globalThis.chrome;
const all = await rules.getDynamicRules();
return [all.length, all.filter(({ condition }) => condition.regexFilter).length];
"""


def test_five_thousand_choices_fit_and_hold(person: Person, tab: Page, site: Site) -> None:
    """In a few hundred rules, the first and the last as good as any."""
    with chosen(person, many(5_000)):
        options = person.options()
        assert options.run("return document.querySelector('#unapplied').textContent;") == ""
        total, patterns = options.run(_COUNTS)
        options.close()
        assert 100 < patterns < total < 1_000
        for host, sent in (("ads.test", BOTH), ("www.news.test", NEITHER)):
            tab.goto(page_at(site, host))
            assert sent_to(site, host, "/page/a") == sent
            assert sent_to(site, host, "/own.svg") == sent


def test_a_name_that_no_rule_can_have_is_told_and_the_others_hold(
    person: Person, tab: Page, site: Site
) -> None:
    long = ".".join("a" * 21)
    with chosen(person, f'[sites."{long}"]\ngpc = "off"\n[sites."news.123"]\ngpc = "off"\n'):
        options = person.options()
        options.wait_for_text(
            f"Of {long} the name has more parts than the browser’s rules can hold"
        )
        options.wait_for_text("news.123: no site can have that name")
        options.close()
        tab.goto(page_at(site, "news.test"))
        assert sent_to(site, "news.test", "/page/a") == GPC_OFF
        popup = person.popup(tab)
        popup.wait_for_text("Write a wildcard over a shorter name in terms.toml.")
        popup.close()
