"""Thousands of choices of signals, as `sites` of `terms.toml`."""

_VALUES = ('dnt="off"', 'gpc="off"', 'button="off"', 'dnt="exception"')


def many(count: int) -> str:
    """Hosts and wildcards of two to twelve labels, of every value."""
    lines = []
    for number in range(count):
        name = f"{'*.' * (number % 3 == 0)}{'a.' * (number % 11)}s{number}.test"
        lines.append(f'"{name}"={{{_VALUES[number % 4]}}}\n')
    return "[sites]\n" + "".join(lines)
