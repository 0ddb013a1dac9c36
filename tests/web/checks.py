"""What must be true of every page in a browser; each check gives one line per fault."""

from functools import cache
from typing import Any

from playwright.async_api import Page

from deploy.local.web import PACKAGES

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NOT_FOR_US = {"meta-refresh"}
"""Only without script, and only where a list must not grow old before a person's eyes (docs/pages.md, live parts)."""
PARTS_OF_A_FIELD = 8
"""A field for a date and time is left only after Tab went through day, month, year, hour, minute and its calendar."""
FOCUSABLE = """() => {
  const shown = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getClientRects().length > 0;
  const all = [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]:not([tabindex="-1"])')];
  const groups = new Set();
  return all.filter((one) => !one.disabled && one.tabIndex >= 0 && shown(one)).filter((one) => {
    if (one.type !== 'radio') return true;
    const group = `${one.form?.id} ${one.name}`;
    return !groups.has(group) && groups.add(group);
  }).map((one, number) => { one.dataset.walk = number; return `${one.tagName.toLowerCase()} "${
    (one.ariaLabel || one.textContent || one.name || one.id).trim().replace(/\\s+/g, ' ').slice(0, 40)}"`; });
}"""
FROM_THE_TOP = (
    "() => { document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex'); }"
)
FOCUSED = "() => document.activeElement?.dataset.walk ?? (document.activeElement?.type === 'radio' ? 'radio' : '')"
BOX = """() => { const one = document.activeElement; const box = (one.labels?.[0] ?? one).getBoundingClientRect();
  const own = one.getBoundingClientRect();
  return { x: Math.min(box.x, own.x), y: Math.min(box.y, own.y),
    right: Math.max(box.right, own.right), bottom: Math.max(box.bottom, own.bottom) }; }"""
TOO_WIDE = """() => document.documentElement.scrollWidth > innerWidth
  ? [...document.body.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
      .slice(0, 3).map((one) => `${one.tagName.toLowerCase()}.${one.className}`).concat('page') : []"""
TOO_SMALL = """() => [...document.querySelectorAll('button, summary, a.nhsuk-button, input:not([type=hidden]), select')]
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 24)
  .map((one) => `${one.tagName.toLowerCase()} ${one.className}`)"""


@cache
def axe() -> str:
    """axe-core's own script."""
    return (PACKAGES / "axe-core" / "axe.min.js").read_text("utf-8")


async def faults(page: Page, *, script: bool) -> list[str]:
    """Every fault of the open page. axe-core is a script; the keyboard is walked last, since it moves the focus."""
    return [
        *(await against_axe(page) if script else []),
        *[f"wider than the screen: {one}" for one in await page.evaluate(TOO_WIDE)],
        *[f"target below 24 px: {one}" for one in await page.evaluate(TOO_SMALL)],
        *await by_keyboard(page),
    ]


async def against_axe(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 A and AA and its best practice."""
    await page.evaluate(axe())
    told: dict[str, Any] = await page.evaluate(
        "tags => axe.run(document, { runOnly: tags, resultTypes: ['violations'] })", TAGS
    )
    return [
        f"{one['id']}: {one['help']} ({', '.join(' '.join(map(str, node['target'])) for node in one['nodes'][:4])})"
        for one in told["violations"]
        if one["id"] not in NOT_FOR_US
    ]


async def by_keyboard(page: Page) -> list[str]:
    """Whatever Tab does not reach, reaches without showing it, or does not get away from."""
    names: list[str] = await page.evaluate(FOCUSABLE)
    await page.evaluate(FROM_THE_TOP)
    reached: list[int] = []
    hidden: list[str] = []
    for _ in range((len(names) + 2) * PARTS_OF_A_FIELD):
        await page.keyboard.press("Tab")
        at = await page.evaluate(FOCUSED)
        if at == "" or (at.isdigit() and int(at) in reached[:-1]):
            break
        if not at.isdigit() or int(at) in reached[-1:]:
            continue
        reached.append(int(at))
        if not await _focus_shows(page):
            hidden.append(f"keyboard: focus does not show on {names[int(at)]}")
    else:
        return [f"keyboard: trapped at {names[reached[-1]]}" if reached else "keyboard: nothing is reached"]
    missed = [f"keyboard: {name} is not reached" for number, name in enumerate(names) if number not in reached]
    return [*missed, *hidden]


async def _focus_shows(page: Page) -> bool:
    box = await page.evaluate(BOX)
    size = page.viewport_size
    assert size is not None
    left, top = max(0, box["x"] - 6), max(0, box["y"] - 6)
    clip = {
        "x": left,
        "y": top,
        "width": max(1, min(size["width"], box["right"] + 6) - left),
        "height": max(1, min(size["height"], box["bottom"] + 6) - top),
    }
    with_focus = await page.screenshot(clip=clip)  # type: ignore[arg-type]
    await page.evaluate("() => { const one = document.activeElement; one.blur(); globalThis.__was = one; }")
    without = await page.screenshot(clip=clip)  # type: ignore[arg-type]
    await page.evaluate("() => globalThis.__was.focus({ focusVisible: true, preventScroll: true })")
    return with_focus != without
