"""`python -m rbutton.demo`, as `install_host.py --demo` starts it."""

import argparse
import json
import os
import signal
import sys
import threading
import traceback
from pathlib import Path

from rbutton.browsers.problems import Exit
from rbutton.browsers.table import BY_NAME
from rbutton.browsers.telling import Teller
from rbutton.demo.play import play
from rbutton.demo.steps import StepFailed, Steps
from rbutton.demo.window import BrowserFailed


def main() -> int:
    """Plays the demo; answers the exit code (`rbutton.browsers.problems.Exit`)."""
    parser = argparse.ArgumentParser(prog="python -m rbutton.demo")
    parser.add_argument("--folder", type=Path, required=True, help="for all it writes")
    parser.add_argument("--browser", choices=BY_NAME, required=True)
    parser.add_argument("--executable", type=Path, required=True, help="the browser's")
    parser.add_argument("--screenshot", type=Path, required=True)
    parser.add_argument("--headless", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # ⊂ on a Latin-1 terminal
    steps = Steps(Teller(sys.stderr if options.json else sys.stdout))
    signal.signal(signal.SIGINT, lambda *_: steps.stop())
    threading.Thread(target=_stop_when_alone, args=(steps,), daemon=True).start()
    try:
        result = play(
            steps,
            options.folder,
            BY_NAME[options.browser],
            options.executable,
            options.screenshot,
            headless=options.headless,
        )
    except KeyboardInterrupt:
        return _fail("Stopped.", Exit.INTERRUPTED, as_json=options.json)
    except StepFailed as error:
        return _fail(str(error), error.code, as_json=options.json)
    except BrowserFailed as error:
        said = f"The browser failed, or was closed, before the demo was over: {error}"
        return _fail(said, Exit.NO, as_json=options.json)
    except Exception as error:  # noqa: BLE001 - who reads JSON is told whatever happened
        traceback.print_exc()
        said = f"The demo failed in a way nobody thought of: {error!r}"
        return _fail(said, Exit.NO, as_json=options.json)
    if options.json:
        print(json.dumps(result, ensure_ascii=False))
    return Exit.DONE


def _stop_when_alone(steps: Steps) -> None:
    # Standard input ends when `rbutton.browsers.stage`, which holds its other end, does.
    # Not through `sys.stdin`: Python could not end while a thread reads there.
    os.read(0, 1)
    steps.stop()


def _fail(error: str, code: Exit, *, as_json: bool) -> int:
    print(error, file=sys.stderr)
    if as_json:
        print(json.dumps({"state": "failed", "error": error}, ensure_ascii=False))
    return code


if __name__ == "__main__":
    sys.exit(main())
