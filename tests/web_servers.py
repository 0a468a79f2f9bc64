"""nginx, Apache and Caddy from Debian's packages, each with the lines a site's owner adds to it."""

import random
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import unprivileged
from tests.processes import PATIENCE

#: Debian keeps servers off the PATH of those who are not root.
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class WebServer:
    """How one server is run.

    Attributes:
        command: `{folder}` stands for where its configuration is.
        configuration: of all of it, `{sites}` among them.
        site: of one site, which has files in `{files}` and needs the `{lines}`.
        ready: what it says when it listens.
    """

    command: Sequence[str]
    configuration: str
    site: str
    ready: str


#: As owners have them: what is no file gets the one page, and nginx hides names with a dot.
SERVERS: Mapping[str, WebServer] = {
    "nginx": WebServer(
        ("nginx", "-e", "stderr", "-c", "{folder}/configuration"),
        """\
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr notice;
events {{}}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    client_body_temp_path {folder}/client;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {sites}
}}
""",
        """\
server {{
    listen 127.0.0.1:{port};
    root {files};
    location / {{
        try_files $uri /index.html;
    }}
    location ~ /\\. {{
        deny all;
    }}
    {lines}
}}
""",
        "event method",
    ),
    "Apache": WebServer(
        ("apache2", "-D", "FOREGROUND", "-d", "{folder}", "-f", "configuration"),
        """\
ServerName localhost
PidFile pid
ErrorLog |/bin/cat
DefaultRuntimeDir .
Mutex file:. default
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule mime_module /usr/lib/apache2/modules/mod_mime.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
TypesConfig /etc/mime.types
{sites}
""",
        """\
Listen 127.0.0.1:{port}
<VirtualHost 127.0.0.1:{port}>
DocumentRoot {files}
FallbackResource /index.html
{lines}
</VirtualHost>
""",
        "resuming normal operations",
    ),
    "Caddy": WebServer(
        ("caddy", "run", "--adapter", "caddyfile", "--config", "{folder}/configuration"),
        """\
{{
    admin off
    auto_https off
}}
{sites}
""",
        """\
http://127.0.0.1:{port} {{
    bind 127.0.0.1
    root * {files}
    handle {{
        try_files {{path}} /index.html
        file_server
    }}
    {lines}
}}
""",
        "serving initial configuration",
    ),
}


@dataclass(frozen=True)
class Site:
    """One site of a server: its port on 127.0.0.1, its files by their path, its owner's lines."""

    port: int
    files: Mapping[str, bytes]
    lines: str


@contextmanager
def running(name: str, *sites: Site) -> Iterator[None]:
    """Have that server serve these sites until the end of the block."""
    server = SERVERS[name]
    with unprivileged.folder("rb-web-") as folder:
        (folder / "configuration").write_text(
            server.configuration.format(
                folder=folder,
                sites="".join(
                    server.site.format(
                        port=site.port, files=_laid_out(folder, site), lines=site.lines
                    )
                    for site in sites
                ),
            )
        )
        program, *arguments = server.command
        found = shutil.which(program, path=_PATH)
        assert found, program
        process = subprocess.Popen(
            [*unprivileged.command(), found, *(one.format(folder=folder) for one in arguments)],
            cwd=folder,
            env={"PATH": _PATH, "HOME": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            assert process.stdout
            said = []
            for line in process.stdout:
                said.append(line)
                if server.ready in line:
                    break
            else:
                raise AssertionError("".join(said))
            yield
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)


def _laid_out(folder: Path, site: Site) -> Path:
    files = folder / str(site.port)
    for path, content in site.files.items():
        (files / path).parent.mkdir(parents=True, exist_ok=True)
        (files / path).write_bytes(content)
    return files


def free_port() -> int:
    """A port for a server that has to be told which, and cannot be handed the socket.

    Of those that no system gives out by itself, so that nobody takes it in the meantime.
    """
    while True:
        port = random.randrange(20_000, 30_000)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
