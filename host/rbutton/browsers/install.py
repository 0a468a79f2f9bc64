"""Installing the host for daily use, so that a crash at any moment leaves the old one working."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from rbutton.browsers import environment, files, for_all, manifests, packing, registering
from rbutton.browsers.adding import what_comes, what_is_left
from rbutton.browsers.choosing import choose
from rbutton.browsers.here import Found
from rbutton.browsers.places import Places, places, places_for_all
from rbutton.browsers.problems import Exit, SetupError
from rbutton.browsers.record import Record
from rbutton.browsers.registering import Target
from rbutton.browsers.table import TABLE, Family
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
    # What is in a sandbox is set up by each person, who also has to permit it.
    plain = system or profile is not None
    found = choose(names, environ, teller, plain=plain, system=system)
    targets = registering.targets(found, where, profile)
    ours = _registered(where)
    for target in targets:
        _check_free(target, where, ours)
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
    written = [path for target in targets for path in target.files]
    parents = [each.parent for each in (*written, *links)]
    for folder in (where.launcher.parent, *([] if system else [where.config]), *parents):
        files.check_writable(folder)
    folders = own_folder(where.data)
    with files.only_one(where.lock, teller):
        earlier = _earlier(where, build, teller)
        record = Record(
            build=build,
            trees=[str(each) for each in (env, where.wheels, where.extension, where.pictures)],
            programs=[
                *(str(each) for each in (where.launcher, where.command, *_packed(where))),
                *(str(target.launcher) for target in targets if target.wraps is not None),
            ],
            manifests=[str(target.manifest) for target in targets],
            links=[str(link) for link in links],
            profiles={} if profile is None else {str(targets[0].manifest): found[0].browser.name},
        )
        for folder in (where.launcher.parent, *([] if system else [where.config])):
            folders += own_folder(folder)
        for folder in dict.fromkeys(parents):
            folders += other_folder(folder)
        record.folders = [str(folder) for folder in folders]

        for path in (*map(Path, record.written), where.record):
            files.remove_leftovers(path)
        # On disk before anything it names: whatever happens now, uninstalling finds it all.
        if earlier is not None:
            record.build = earlier.build
            record.add(earlier)
        record.save(where.record, where.file_mode)

        with _first(record, where) if earlier is None else nullcontext():
            environment.prepare(
                env, checkout, environment.DAILY, where.log, teller, wheels=where.wheels
            )
        files.copy_tree(checkout / "extension", where.extension, for_all=system)
        files.copy_tree(checkout / "docs" / "pictures", where.pictures, for_all=system)
        if system:
            packed = packing.packed(where.extension, Family.GECKO)
            files.write(where.packed, packed, where.file_mode)
        _switch_to(env, where, targets, links)
        record.build = build
        record.save(where.record, where.file_mode)
        environment.remove_others(env)
        record.drop_what_is_gone()
        record.save(where.record, where.file_mode)
    _tell_what_is_left(found, where, teller, command, buttons)


@contextmanager
def _first(record: Record, where: Places) -> Iterator[None]:
    """Takes back what there is of a first installation, if it comes to nothing."""
    try:
        yield
    except BaseException:
        where.record.unlink(missing_ok=True)
        for folder in reversed(record.folders):
            with suppress(OSError):  # something is in it
                Path(folder).rmdir()
        raise


def _registered(where: Places) -> list[str]:
    """The manifests that an earlier installation wrote."""
    try:
        record = Record.load(where.record)
    except SetupError:
        return []
    return [] if record is None else record.manifests


def _earlier(where: Places, build: str, teller: Teller) -> Record | None:
    """The record of what is installed; where it is damaged, what can be seen of it."""
    try:
        return Record.load(where.record)
    except SetupError as error:
        teller.say(f"{error.message} It is made anew.")
    browsers = [each for each in TABLE if not where.for_all or each.system_folder is not None]
    paths = [path for browser in browsers for path in registering.places_of(browser, where)]
    return Record(
        build=build,
        trees=[str(env) for env in where.data.glob("env-*")],
        manifests=[str(path) for path in paths if registering.leads_to(path) == where.launcher],
    )


def _packed(where: Places) -> list[Path]:
    return [where.packed] if where.for_all else []


def _check_free(target: Target, where: Places, ours: Sequence[str]) -> None:
    """Refuses to write over what another program, or another r-button, put there.

    Args:
        ours: what an earlier installation wrote: that may be damaged.
    """
    read = registering.registrar(where).read_for(target.manifest)
    if read is None:
        return
    other = registering.leads_to(read)
    if other is None and str(read) in ours and manifests.is_damaged(read):
        return
    if other is None:
        raise SetupError(
            f"{read} is there already, and it is not the r-button's. Nothing was changed.",
            "Move it away, then run this again.",
            code=Exit.NO,
        )
    if other != where.launcher and other.exists():
        raise SetupError(
            f"The browser uses another installation of the r-button: {read} names {other}.",
            "Uninstall that one first (install_host.py --uninstall, with its RBUTTON_HOME).",
            code=Exit.NO,
        )


def _check_free_for_link(link: Path, where: Places) -> None:
    if (link.exists() or link.is_symlink()) and not where.is_ours(link):
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
    if where.is_ours(link) or not (link.exists() or link.is_symlink()):
        return link
    teller.say(f"{link} is another program's: it stays as it is. Ours is {where.command}.")
    return None


def _switch_to(
    env: Path, where: Places, targets: Sequence[Target], links: Mapping[Path, Path]
) -> None:
    python = environment.python(env)
    manifests.write_launcher(where, python)
    manifests.write_command(where, python)
    for target in targets:
        target.write(where)
    for link, to in links.items():
        files.link(link, to)


def _tell_what_is_left(
    found: list[Found],
    where: Places,
    teller: Teller,
    link: Path | None,
    buttons: Mapping[Path, Path],
) -> None:
    permit = ", once you permit it,"
    titles = " and ".join(f"{each.title}{permit if each.sandbox else ''}" for each in found)
    folders = {str(button.parent) for button in buttons}
    comes_to = [each for each in found if each.browser.debian_buttons in folders]
    others = [each for each in found if each not in comes_to]
    file = where.config / "terms.toml"
    terms = f"Each person's terms: {file}" if where.for_all else f"Your terms: {file}"
    if not file.exists():
        terms += " (written when the button first starts)"
    if where.for_all:
        teller.say("\nFor everyone on this machine:")
    teller.say(f"""
The agent is installed, and {titles} can reach it. The folder this came from can be deleted.
{what_comes(comes_to)}{what_is_left(others, where)}

{terms}
The command: {_command(where, link)}""")


def _command(where: Places, link: Path | None) -> str:
    if link is None:
        return str(where.command)
    if _on_path(link):
        return "rbutton"
    # Debian's ~/.profile puts ~/.local/bin into the PATH, if it is there at login.
    return f"{where.command}, or rbutton after your next login"


def _on_path(link: Path) -> bool:
    return str(link.parent) in os.environ.get("PATH", "").split(os.pathsep)
