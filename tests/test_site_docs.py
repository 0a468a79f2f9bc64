"""docs/for-sites.md is true: its tables, its lines for servers, and its examples, which are run."""

import csv
import io
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import pytest

from rbutton.cli import site_serve
from rbutton.shipped.roster import catalogue
from rbutton.site import export, folder, lines, store
from rbutton.site.check.looking import look
from rbutton.site.limit import Rate
from rbutton.site.serving import create_app
from rbutton.site.site import Site
from rbutton.terms.clauses import Chain
from rbutton.terms.header import emanciterms
from tests.commands import rbutton
from tests.coroutines import run_apart
from tests.shops import proffer
from tests.test_docs import TOP, examples, headings, spans, table
from tests.test_site_http import LINK, Server, serving

TEXT = (TOP / "docs/for-sites.md").read_text("utf-8")
EXAMPLES = examples(TEXT)


def test_every_clause_is_explained_with_values_it_has() -> None:
    rows = table(TEXT, "clause", "you promise", "how it is kept")
    vocabulary = catalogue().vocabulary
    assert [spans(name)[0] for name, *_ in rows] == [clause.name for clause in vocabulary.clause]
    for name, promised, _ in rows:
        clause = vocabulary.by_name[spans(name)[0]]
        named = spans(promised)
        if isinstance(clause, Chain):
            # All but the laxest, which promises nothing.
            assert set(named) == set(clause.values[:-1]), clause.name
        else:
            assert not named


def test_what_init_makes_unasked_is_told(tmp_path: Path) -> None:
    rbutton(
        None, "site", "init", tmp_path / "site", "--origin", "https://shop.example", "--name", "x"
    )
    made = folder.settings(tmp_path / "site")
    accepts = [f"`{one}`" for one in made.accepts]
    assert f"Without `--accepts` it signs {', '.join(accepts[:-1])} and {accepts[-1]};" in TEXT
    assert f"`init` writes `keep_ended_days = {made.keep_ended_days}`" in TEXT


def test_the_table_of_keys_is_the_files() -> None:
    rows = table(TEXT, "key", "what it is")
    told = [key for keys, _ in rows for key in spans(keys)]
    assert told == list(folder.Settings.model_fields)
    assert f"{store.MOST:,} if left out" in TEXT
    assert f"{Rate.burst} and {Rate.per_minute} if left out" in TEXT


def test_the_lines_for_servers_are_those_that_init_prints() -> None:
    nginx, apache, caddy, html = lines.PROXIED.values()
    shown = {"nginx": nginx, "apache": apache, "caddy": caddy, "html": html}
    shown["nginx-static"] = next(iter(lines.STATIC.values()))
    for name, text in shown.items():
        assert EXAMPLES[name] == f"{text}\n", name
    assert f"http://{lines.HOST}:{lines.PORT}" in TEXT
    assert (site_serve._HOST, site_serve._PORT) == (lines.HOST, lines.PORT)


def test_the_kits_command_is_written_as_it_is_found() -> None:
    """What the installation for a person makes is another `rbutton`, without the kit."""
    assert not re.search(r"(?<!\.venv/bin/)rbutton site \w+ (?:my-|https|--)", TEXT)
    assert "python3 -m venv .venv" in TEXT
    assert "apt install python3-venv" in TEXT


def test_the_columns_of_the_export_are_told() -> None:
    told = TEXT.partition("`.venv/bin/rbutton site export my-site --csv`")[2].partition("`--json`")[
        0
    ]
    assert [span for span in spans(told) if span in export.COLUMNS] == list(export.COLUMNS)


def test_the_counter_waits_as_long_as_it_says() -> None:
    assert store.COUNTER_WAITS.days == 30
    assert "up to 30 days late" in TEXT


def make_folder(where: Path, origin: str) -> Path:
    done = rbutton(None, "site", "init", where, "--origin", origin, "--name", "Shop")
    assert done.returncode == 0, done.stderr
    return where


def run_example(name: str, where: Path) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(EXAMPLES[name].replace("/etc/my-site", str(where)), names)
    return names


def check(server: Server, site: Site) -> None:
    """It announces, signs and declines, over a socket."""
    status, headers, body = server.ask("GET", "/")
    assert (status, LINK in headers["link"]) == (200, True)
    assert b"Hello" in body
    assert server.ask("GET", "/.well-known/emanciterms.json")[2] == site.policy.body
    for terms, expected in (("no-stalking", 200), ("mine-as-well", 403)):
        offered = proffer(site.policy, terms, now=datetime.now(UTC))
        first, again = server.post(offered.body), server.post(offered.body)
        assert first[0] == expected
        assert first[2] == again[2]
    assert (
        server.raw(
            b"POST /.well-known/emanciterms HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            b"Content-Type: application/jose+json\r\nContent-Length: 65537\r\n\r\n" + b" " * 65_537
        ).split()[1]
        == b"413"
    )


@pytest.mark.parametrize("name", ["starlette", "fastapi"])
def test_an_asgi_example_works(name: str, tmp_path: Path) -> None:
    made: list[Site] = []

    def make(origin: str) -> Any:
        names = run_example(name, make_folder(tmp_path / "site", origin))
        made.append(names["site"])
        return names["app"]

    with serving(make) as server:
        check(server, made[0])


def test_fastapi_recognises_what_is_offered(tmp_path: Path) -> None:
    with serving(
        lambda origin: run_example("fastapi", make_folder(tmp_path / "site", origin))["app"]
    ) as server:
        assert b"ad by somebody" in server.ask("GET", "/")[2]
        offered = emanciterms(["no-stalking"])
        assert b"ad by somebody" not in server.ask("GET", "/", EmanciTerms=offered)[2]


class _Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextmanager
def wsgi_serving(make: Callable[[str], Any]) -> Iterator[Server]:
    with _Threads(("127.0.0.1", 0), _Quiet) as running:
        server = Server(("127.0.0.1", running.server_port))
        running.set_app(make(server.origin))
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            running.shutdown()
            thread.join()


DJANGO = """
from importlib import import_module

from django.http import HttpResponse
from django.urls import path

def front(request):
    site = import_module("shop.asgi" if hasattr(request, "scope") else "shop.wsgi").site
    offered = ",".join(site.recognise(request).proffer)
    return HttpResponse(f"<h1>Hello</h1><p>{offered}</p>")

urlpatterns = [path("", front)]
"""


@pytest.fixture(scope="module")
def django_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project of one page; a process can have one alone."""
    project = tmp_path_factory.mktemp("project") / "shop"
    project.mkdir()
    (project / "__init__.py").touch()
    (project / "settings.py").write_text(
        'ROOT_URLCONF = "shop.urls"\nALLOWED_HOSTS = ["*"]\nSECRET_KEY = "x"\nUSE_TZ = True\n'
    )
    (project / "urls.py").write_text(DJANGO)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(project.parent))
        patch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
        yield project


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_the_django_example_works(interface: str, django_project: Path, tmp_path: Path) -> None:
    """Under the standard library's WSGI server, and, as the text has it for ASGI, under uvicorn."""
    assert "in `wsgi.py`; in `asgi.py` it is the same with `asgi` for `wsgi`:" in TEXT
    made: list[Any] = []

    def make(origin: str) -> Any:
        where = make_folder(tmp_path / "site", origin)
        code = EXAMPLES["django"].replace("/etc/my-site", str(where)).replace("wsgi", interface)
        (django_project / f"{interface}.py").write_text(code)
        made.append(import_module(f"shop.{interface}"))
        return made[0].application

    with (wsgi_serving if interface == "wsgi" else serving)(make) as server:
        check(server, made[0].site)
        offered = emanciterms(["do-not-track", "no-stalking"])
        page = server.ask("GET", "/", EmanciTerms=offered)[2]
        assert b"<p>do-not-track,no-stalking</p>" in page


def test_the_links_within_it_lead_somewhere() -> None:
    for anchor in re.findall(r"\]\(#([^)]+)\)", TEXT):
        assert anchor in headings(TEXT), anchor


def test_the_page_for_trying_announces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At `/`, so that a browser with the button needs no web server besides."""
    monkeypatch.setenv("RBUTTON_SITE_DEMO_PAGE", "1")

    def make(origin: str) -> Any:
        monkeypatch.setenv("RBUTTON_SITE", str(make_folder(tmp_path / "site", origin)))
        return create_app()

    with serving(make) as server:
        looked = run_apart(look(server.origin))
        assert {one.severity for one in looked.findings} == {"ok"}
        assert "can sign" in looked.sees
        assert server.ask("GET", "/zebra")[0] == 404


def test_what_serve_runs_is_what_the_library_is(tmp_path: Path) -> None:
    """And nothing but the two addresses."""

    def make(origin: str) -> Any:
        os.environ["RBUTTON_SITE"] = str(make_folder(tmp_path / "site", origin))
        return create_app()

    with serving(make) as server:
        site = folder.site(tmp_path / "site")
        offered = proffer(site.policy, now=datetime.now(UTC))
        assert server.post(offered.body)[0] == 200
        assert server.ask("GET", "/")[0] == 404
    exported = subprocess.run(
        [sys.executable, "-P", "-m", "rbutton.cli", "site", "export", tmp_path / "site", "--csv"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert [row["id"] for row in csv.DictReader(io.StringIO(exported))] == [offered.id]
