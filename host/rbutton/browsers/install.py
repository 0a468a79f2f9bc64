"""Installing the host for daily use, so that a crash at any moment leaves the old one working."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from rbutton.browsers import environment, files, manifests
from rbutton.browsers.adding import what_is_left
from rbutton.browsers.places import Places, places
from rbutton.browsers.problems import Exit, SetupError
from rbutton.browsers.record import Record
from rbutton.browsers.table import BY_NAME, TABLE, Family, Found, find
from rbutton.browsers.telling import Teller


def install(
    checkout: Path, environ: Mapping[str, str], teller: Teller, names: Sequence[str] = ()
) -> None:
    """Installs the r-button of `checkout` and registers it with browsers that are here.

    Args:
        names: which; where there is none, with all. Others that it is registered with stay so.

    Raises:
        SetupError: nothing was changed that an earlier installation stands on.
    """
    if environ.get("SUDO_UID") and os.geteuid() == 0:
        raise SetupError(
            "This installs for one person, and sudo makes that person root.",
            "Run it again without sudo.",
            code=Exit.USAGE,
        )
    where = places(environ)
    build = environment.build_id(checkout)
    env = where.data / f"env-{build}"
    found = _find(names, environ)
    for each in found:
        teller.say(f"Found {each.browser.title} {each.version or '(version unknown)'}.")
    targets = {manifests.path_in(each.browser.hosts(where)): each.browser.family for each in found}
    for target in targets:
        _check_free(target, where)

    folders = files.private_folder(where.data)
    with files.only_one(where.lock, teller):
        earlier = Record.load(where.record)
        record = Record(
            build=build,
            trees=[str(env), str(where.extension)],
            programs=[str(where.launcher), str(where.command)],
            manifests=[str(target) for target in targets],
        )
        for folder in (where.config, *{target.parent for target in targets}, where.launcher.parent):
            private = folder in {where.config, where.launcher.parent}
            folders += files.private_folder(folder) if private else files.make_folder(folder)
        if (link := _link_target(where, teller)) is not None:
            folders += files.make_folder(link.parent)
            record.links.append(str(link))
        record.folders = [str(folder) for folder in folders]

        # On disk before anything it names: whatever happens now, uninstalling finds it all.
        if earlier is not None:
            record.build = earlier.build
            record.add(earlier)
        record.save(where.record)

        environment.prepare(env, checkout, environment.DAILY, where.log, teller)
        files.copy_tree(checkout / "extension", where.extension)
        _switch_to(env, where, targets, link)
        record.build = build
        record.save(where.record)
        environment.remove_others(env)
        record.drop_what_is_gone()
        record.save(where.record)
    _tell_what_is_left(found, where, teller, link)


def _find(names: Sequence[str], environ: Mapping[str, str]) -> list[Found]:
    """The browsers of those names that are here, or all that are here."""
    wanted = [browser for browser in TABLE if browser.name in (names or BY_NAME)]
    found = [each for browser in wanted if (each := find(browser, environ))]
    for browser in wanted:
        if names and browser not in [each.browser for each in found]:
            install = f" (on Debian: sudo apt install {browser.package})" if browser.package else ""
            raise SetupError(
                f"{browser.title} was not found on the PATH ({' or '.join(browser.executables)}).",
                f"Install it{install}, then run this again.",
            )
    if not found:
        titles = " or ".join(browser.title for browser in TABLE)
        raise SetupError(
            f"No browser was found that the r-button works with ({titles}).",
            "Install one (on Debian: sudo apt install chromium), then run this again.",
        )
    return found


def _check_free(target: Path, where: Places) -> None:
    """Refuses to write over what another program, or another r-button, put there."""
    if not target.exists() and not target.is_symlink():
        return
    manifest = manifests.read(target)
    if manifest is None:
        raise SetupError(
            f"{target} is there already, and it is not the r-button's. Nothing was changed.",
            "Move it away, then run this again.",
            code=Exit.NO,
        )
    other = Path(str(manifest.get("path")))
    if other != where.launcher and other.exists():
        raise SetupError(
            f"The browser uses another installation of the r-button: {target} names {other}.",
            "Uninstall that one first (install_host.py --uninstall, with its RBUTTON_HOME).",
            code=Exit.NO,
        )


def _link_target(where: Places, teller: Teller) -> Path | None:
    """Where to link the command into, or None where something else has that name."""
    if where.links is None:
        return None
    link = where.links / "rbutton"
    if is_ours(link, where.command) or not (link.exists() or link.is_symlink()):
        return link
    teller.say(f"{link} is another program's: it stays as it is. Ours is {where.command}.")
    return None


def is_ours(link: Path, command: Path) -> bool:
    """Whether `link` is a link to `command`."""
    return link.is_symlink() and link.readlink() == command


def _switch_to(env: Path, where: Places, targets: Mapping[Path, Family], link: Path | None) -> None:
    python = environment.python(env)
    manifests.write_launcher(where, python)
    manifests.write_command(where, python)
    for target, family in targets.items():
        files.write(target, manifests.text_for(family, where.launcher, where.extension))
    if link is not None and not link.is_symlink():
        link.symlink_to(where.command)


def _tell_what_is_left(
    found: list[Found], where: Places, teller: Teller, link: Path | None
) -> None:
    titles = " and ".join(each.browser.title for each in found)
    teller.say(f"""
The host is installed, and {titles} can reach it. The folder this came from can be deleted.
{what_is_left(found, where.extension)}

Your terms: {where.config / "terms.toml"} (written when the button first starts)
The command: {"rbutton" if link is not None and _on_path(link) else where.command}""")


def _on_path(link: Path) -> bool:
    return str(link.parent) in os.environ.get("PATH", "").split(os.pathsep)
