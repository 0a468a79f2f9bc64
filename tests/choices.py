"""Thousands of choices of signals, as `sites` of `terms.toml`."""

_VALUES = ('dnt="off"', 'gpc="off"', 'button="off"', 'dnt="exception"')


def pressed(count: int) -> str:
    """As presses in the popup write them: of one host, or of a domain and all below it."""
    lines = []
    for number in range(count):
        name = f"s{number}.test"
        names = (name, f"*.{name}") if number % 3 == 0 else (f"www.{name}",)
        lines += [f'"{one}"={{{_VALUES[number % 4]}}}\n' for one in names]
    return "[sites]\n" + "".join(lines[:count])


def many(count: int) -> str:
    """What costs a browser most: hosts and wildcards of two to twelve labels, of every value."""
    lines = []
    for number in range(count):
        name = f"{'*.' * (number % 3 == 0)}{'a.' * (number % 11)}s{number}.test"
        lines.append(f'"{name}"={{{_VALUES[number % 4]}}}\n')
    return "[sites]\n" + "".join(lines)
