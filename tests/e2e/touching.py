"""The person's touch, which lets the button offer."""

from tests.e2e.browsers import PATIENCE, Page
from tests.e2e.recorder import Request, Site

ENDPOINT = "/.well-known/emanciterms"
_BETWEEN = 0.5  # seconds


def click_until_offered(page: Page, shop: Site, on: str = "input") -> list[Request]:
    """Click in the page now and then, as a person does, until terms were offered.

    A click counts once the page waits for one, which the button does not show.
    """
    for _ in range(int(PATIENCE / _BETWEEN)):
        page.click(on)
        if shop.came(ENDPOINT, _BETWEEN):
            break
    return shop.wait_for(ENDPOINT)
