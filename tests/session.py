"""A D-Bus session in which a real keyring is open whenever somebody asks for it.

Standard library only: `python3 tests` runs in one.
"""

from pathlib import Path
from xml.sax.saxutils import escape

# The bus starts it, and starts it again should it end: gnome-keyring 42 now and then aborts at one
# of many callers (GNOME/gnome-keyring#196), and one that Debian's file starts is locked.
_SERVICE = """\
[D-BUS Service]
Name=org.freedesktop.secrets
Exec=/bin/sh -c "printf password | gnome-keyring-daemon --unlock --foreground --components=secrets"
"""
_BUS = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <servicedir>{}</servicedir>
  <include>/usr/share/dbus-1/session.conf</include>
</busconfig>
"""


def running(folder: Path) -> list[str]:
    """What to put before a command, so that it runs in such a session.

    Args:
        folder: for what the session is described by. The keyring's file is in the command's `HOME`,
            its socket in the command's `XDG_RUNTIME_DIR`.
    """
    services = folder / "services"
    services.mkdir(parents=True)
    (services / "org.freedesktop.secrets.service").write_text(_SERVICE, "utf-8")
    bus = folder / "session.conf"
    bus.write_text(_BUS.format(escape(str(services))), "utf-8")
    return ["dbus-run-session", f"--config-file={bus}", "--"]
