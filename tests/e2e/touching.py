"""The person's touch, which lets the button offer."""

from tests.e2e.browsers import PATIENCE, Page
from tests.e2e.recorder import Request, Site

ENDPOINT = "/.well-known/emanciterms"
_BETWEEN = 0.5  # seconds


def click_until_offered(page: Page, shop: Site, on: str = "input", count: int = 1) -> list[Request]:
    """Click in the page now and then, as a person does, until terms were offered `count` times.

    A click counts once the page waits for one, which the button does not show.
    """
    for _ in range(int(PATIENCE / _BETWEEN)):
        page.click(on)
        if shop.came(ENDPOINT, _BETWEEN, count):
            break
    return shop.wait_for(ENDPOINT, count)
