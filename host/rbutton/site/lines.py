"""The lines that make a web server announce the policy, serve it, and pass posts on."""

from rbutton.terms.policy import ANNOUNCEMENT, ENDPOINT_PATH, POLICY_PATH

#: Where `rbutton site serve` listens unless it is told otherwise.
HOST, PORT = "127.0.0.1", 8642

HTML = f'<link rel="emanciterms" href="{POLICY_PATH}">'

_BEHIND = f"http://{HOST}:{PORT}"

#: Server → lines, where the policy is a file among the site's others.
STATIC = {
    "nginx, in the server block": f"""\
add_header Link '{ANNOUNCEMENT}';
location = {POLICY_PATH} {{
    default_type application/json;
}}""",
    "Apache, with mod_headers": f"""\
Header always add Link "{ANNOUNCEMENT.replace('"', chr(92) + '"')}\"""",
    "Caddy, in the site's block": f"header +Link `{ANNOUNCEMENT}`",
    "plain HTML, in the head of each page": HTML,
}

#: Server → lines, where `rbutton site serve` runs behind it.
PROXIED = {
    "nginx, in the server block": f"""\
add_header Link '{ANNOUNCEMENT}';
location = {POLICY_PATH} {{
    proxy_pass {_BEHIND};
}}
location = {ENDPOINT_PATH} {{
    proxy_pass {_BEHIND};
    proxy_set_header X-Forwarded-For $remote_addr;
}}""",
    "Apache, with mod_headers and mod_proxy_http": f"""\
Header always add Link "{ANNOUNCEMENT.replace('"', chr(92) + '"')}\"
ProxyPass "{POLICY_PATH}" "{_BEHIND}{POLICY_PATH}"
ProxyPass "{ENDPOINT_PATH}" "{_BEHIND}{ENDPOINT_PATH}\"""",
    "Caddy, in the site's block": f"""\
header +Link `{ANNOUNCEMENT}`
handle {ENDPOINT_PATH}* {{
    reverse_proxy {HOST}:{PORT}
}}""",
    "plain HTML, in the head of each page, instead of the line that sets Link": HTML,
}
