"""Installing the host for daily use, so that a crash at any moment leaves the old one working."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from rbutton.browsers import environment, files, for_all, manifests, packing
from rbutton.browsers.adding import what_comes, what_is_left
from rbutton.browsers.places import Places, places, places_for_all
from rbutton.browsers.problems import Exit, SetupError
from rbutton.browsers.record import Record
from rbutton.browsers.table import BY_NAME, TABLE, Family, Found, find
from rbutton.browsers.telling import Teller


def install(
    checkout: Path,
    environ: Mapping[str, str],
    teller: Teller,
    names: Sequence[str] = (),
    *,
    system: bool = False,
    profile: Path | None = None,
) -> None:
    """Installs the r-button of `checkout` and registers it with browsers that are here.

    Args:
        names: which; where there is none, with all. Others that it is registered with stay so.
        system: for everyone on this machine.
        profile: the folder that Chromium or its kin are started with (`--user-data-dir`), where
            it is not their usual one.

    Raises:
        SetupError: nothing was changed that an earlier installation stands on.
    """
    if system:
        for_all.check(checkout, "--system")
        os.umask(0o022)  # what is made is for all to read
    elif environ.get("SUDO_UID") and os.geteuid() == 0:
        raise SetupError(
            "This installs for one person, and sudo makes that person root.",
            "Run it again without sudo; or, for everyone on this machine, with --system.",
            code=Exit.USAGE,
        )
    where = places_for_all() if system else places(environ)
    build = environment.build_id(checkout)
    env = where.data / f"env-{build}"
    found = _find(names, environ, system=system)
    for each in found:
        untried = "" if each.browser.tried else " No test of ours runs in it."
        version = each.version or "(version unknown)"
        teller.say(f"Found {each.browser.title} {version}.{untried}")
    targets = {
        manifests.path_in(each.browser.hosts(where, profile)): each.browser.family for each in found
    }
    for target in targets:
        _check_free(target, where)
    buttons = for_all.buttons(found, where, checkout) if system else {}
    for button in buttons:
        _check_free_for_link(button, where)

    links = dict(buttons)
    if (command := _link_target(where, teller)) is not None:
        links[command] = where.command
    own_folder, other_folder = (
        (files.public_folder, files.public_folder)
        if system
        else (files.private_folder, files.make_folder)
    )
    folders = own_folder(where.data)
    with files.only_one(where.lock, teller):
        earlier = Record.load(where.record)
        record = Record(
            build=build,
            trees=[str(env), str(where.extension)],
            programs=[str(each) for each in (where.launcher, where.command, *_packed(where))],
            manifests=[str(target) for target in targets],
            links=[str(link) for link in links],
        )
        for folder in (where.launcher.parent, *([] if system else [where.config])):
            folders += own_folder(folder)
        for folder in dict.fromkeys(each.parent for each in (*targets, *links)):
            folders += other_folder(folder)
        record.folders = [str(folder) for folder in folders]

        # On disk before anything it names: whatever happens now, uninstalling finds it all.
        if earlier is not None:
            record.build = earlier.build
            record.add(earlier)
        record.save(where.record, where.file_mode)

        environment.prepare(env, checkout, environment.DAILY, where.log, teller)
        files.copy_tree(checkout / "extension", where.extension, for_all=system)
        for path in _packed(where):
            files.write(path, packing.packed(where.extension, Family.GECKO), where.file_mode)
        _switch_to(env, where, targets, links)
        record.build = build
        record.save(where.record, where.file_mode)
        environment.remove_others(env)
        record.drop_what_is_gone()
        record.save(where.record, where.file_mode)
    _tell_what_is_left(found, where, teller, command, buttons)


def _packed(where: Places) -> list[Path]:
    return [where.packed] if where.for_all else []


def _find(names: Sequence[str], environ: Mapping[str, str], *, system: bool) -> list[Found]:
    """The browsers of those names that are here, or all that are here."""
    wanted = [browser for browser in TABLE if browser.name in (names or BY_NAME)]
    if system:
        for browser in wanted:
            if names and browser.system_folder is None:
                raise SetupError(
                    f"Where {browser.title} looks for everyone's hosts is not known.",
                    "Each person can install it for themselves: run this without --system.",
                )
        wanted = [browser for browser in wanted if browser.system_folder is not None]
    found = [each for browser in wanted if (each := find(browser, environ))]
    for browser in wanted:
        if names and browser not in [each.browser for each in found]:
            install = f" (on Debian: sudo apt install {browser.package})" if browser.package else ""
            raise SetupError(
                f"{browser.title} was not found on the PATH ({' or '.join(browser.executables)}).",
                f"Install it{install}, then run this again.",
            )
    if not found:
        titles = " or ".join(browser.title for browser in wanted if browser.tried)
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


def _check_free_for_link(link: Path, where: Places) -> None:
    if (link.exists() or link.is_symlink()) and not is_ours(link, where):
        raise SetupError(
            f"{link} is there already, and it is not the r-button's. Nothing was changed.",
            "Move it away, then run this again.",
            code=Exit.NO,
        )


def _link_target(where: Places, teller: Teller) -> Path | None:
    """Where to link the command into, or None where something else has that name."""
    if where.links is None:
        return None
    link = where.links / "rbutton"
    if is_ours(link, where) or not (link.exists() or link.is_symlink()):
        return link
    teller.say(f"{link} is another program's: it stays as it is. Ours is {where.command}.")
    return None


def is_ours(link: Path, where: Places) -> bool:
    """Whether `link` is a link to something that was installed there."""
    return link.is_symlink() and link.readlink().is_relative_to(where.data)


def _switch_to(
    env: Path, where: Places, targets: Mapping[Path, Family], links: Mapping[Path, Path]
) -> None:
    python = environment.python(env)
    manifests.write_launcher(where, python)
    manifests.write_command(where, python)
    for target, family in targets.items():
        text = manifests.text_for(family, where.launcher, where.extension)
        files.write(target, text, where.file_mode)
    for link, to in links.items():
        if not link.is_symlink():
            link.symlink_to(to)


def _tell_what_is_left(
    found: list[Found],
    where: Places,
    teller: Teller,
    link: Path | None,
    buttons: Mapping[Path, Path],
) -> None:
    titles = " and ".join(each.browser.title for each in found)
    folders = {str(button.parent) for button in buttons}
    comes_to = [each for each in found if each.browser.debian_buttons in folders]
    others = [each for each in found if each not in comes_to]
    file = where.config / "terms.toml"
    terms = f"Each person's terms: {file}" if where.for_all else f"Your terms: {file}"
    if where.for_all:
        teller.say("\nFor everyone on this machine:")
    teller.say(f"""
The host is installed, and {titles} can reach it. The folder this came from can be deleted.
{what_comes(comes_to)}{what_is_left(others, where.extension)}

{terms} (written when the button first starts)
The command: {"rbutton" if link is not None and _on_path(link) else where.command}""")


def _on_path(link: Path) -> bool:
    return str(link.parent) in os.environ.get("PATH", "").split(os.pathsep)
