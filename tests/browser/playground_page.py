"""The playground in a browser: opened as a file, read and moved as a user would."""

import json
from contextlib import contextmanager

from ufm.app.playground.page import PAGE

HEIGHTS = {1280: 860, 800: 1000, 400: 820}
SEEN = """selector => {
  const element = [...document.querySelectorAll(selector)].find(e => e.getClientRects().length);
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const isIn = left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight;
  const [middle, centre] = [(left + right) / 2, (top + bottom) / 2];
  return isIn && [[left + 2, top + 2], [middle, centre], [right - 2, bottom - 2]].every(([x, y]) => {
    const hit = document.elementFromPoint(x, y);
    return element.contains(hit) || hit.contains(element);
  });
}"""


class PlaygroundPage:
    """The page, with what it complained of and asked for since it was opened."""

    def __init__(
        self, chromium, state="", width=1280, height=0, scheme="light", motion="no-preference"
    ):
        self.page = chromium.new_page()
        self.page.set_viewport_size({"width": width, "height": height or HEIGHTS[width]})
        self.page.emulate_media(color_scheme=scheme, reduced_motion=motion)
        self.page.set_default_timeout(10_000)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda m: m.type == "error" and self.complaints.append(m.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(f"{PAGE.as_uri()}#{state}")
        self.painted()

    def close(self) -> None:
        self.page.close()

    def painted(self) -> None:
        """Wait until what was changed is on the screen."""
        self.page.wait_for_selector(".picture svg .handle, .picture li", state="attached")
        self.page.evaluate(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def mode(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()
        self.painted()

    def set(self, name: str, value: str | float) -> None:
        """Move a control of the panel, by the name of what it changes."""
        control = self.page.locator(f"#panel [name={name}]")
        if control.evaluate("e => e.tagName") == "SELECT":
            control.select_option(str(value))
        else:
            control.fill(str(value))
        self.painted()

    def alpha(self, value: float) -> None:
        self.page.locator("#alpha").fill(str(value))
        self.painted()

    def press(self, button: str) -> None:
        """Press a button by its words."""
        self.page.get_by_role("button", name=button, exact=True).click()
        self.painted()

    def step(self, number: int) -> None:
        """Go to a step of the tour by its numbered button."""
        self.page.locator(".dot-of-step").nth(number - 1).click()
        self.painted()

    # what is read

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    def seen(self, selector: str) -> bool:
        """Whether all of the first such element is on the screen, with nothing over it."""
        return self.page.evaluate(SEEN, selector)

    def bars(self) -> dict[str, str]:
        """The next word's probabilities as they are printed."""
        rows = self.page.locator(".bars li").evaluate_all(
            "all => all.map(e => [e.children[0].textContent, e.children[2].textContent])"
        )
        return dict(rows)

    def masses(self) -> dict[str, str]:
        words = self.page.locator(".stack").get_attribute("aria-label")
        return dict(part.rsplit(" ", 1) for part in words.split(", "))

    def price(self) -> float:
        return float(self.text("#gauge .number").removesuffix(" nats").replace("−", "-"))

    def verdicts(self) -> dict[str, str]:
        """Of each theorem: holds, false, anyway or empty."""
        return dict(
            self.page.locator(".claim").evaluate_all(
                "all => all.map(e => [e.dataset.claim, e.classList[1]])"
            )
        )

    def record(self) -> dict:
        """The instance that is shown, as the page writes it."""
        with self.own() as own:
            own.get_by_role("button", name="Show it here").click()
            return json.loads(own.locator("textarea").input_value())

    @contextmanager
    def own(self):
        """The part of free play that takes and gives data."""
        own = self.page.locator("details.own")
        if own.get_attribute("open") is None:
            own.locator("summary").click()
        yield own
        self.painted()
