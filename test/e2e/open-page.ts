import type { Browser, Page } from 'playwright-core'
import { expect, vi } from 'vitest'

/** How far a page scrolls sideways, px. */
export const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'

/**
 * Texts that the panel around them cuts off where no ellipsis shows it, and amounts, units and times that are cut off at all.
 * It measures the text itself: the box of a paragraph ends at its panel even where its text does not.
 */
export const clipped = `[...document.querySelectorAll('.panel :is(p, td, th, h2, h2 small, .where, .loss, .price, .big *), header *')]
  .filter((e) => e.checkVisibility() && !e.classList.contains('aloud') && e.textContent.trim() !== '')
  .filter((e) => {
    const text = document.createRange()
    text.selectNodeContents(e)
    const own = e.matches('th, .where, h1') ? e.getBoundingClientRect() : text.getBoundingClientRect()
    const panel = (e.closest('.panel') ?? document.documentElement).getBoundingClientRect()
    const outside = own.right > panel.right + 1 || own.bottom > panel.bottom + 1 || own.left < panel.left - 1
    return outside || (e.matches('.number, .loss, .price, .watts, .since, .sub') && e.scrollWidth > e.clientWidth + 1)
  })
  .map((e) => e.className + ' ' + e.textContent)`

/** Names that end in an ellipsis. */
export const shortenedNames = `[...document.querySelectorAll('.where, tbody th, tbody th small, header h1')]
  .filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1)
  .map((e) => e.textContent)`

/** Opens a page of the collector; `errors` gathers all that the console complains about. */
export async function openPage(browser: Browser, url: string, width = 1920, height = 1080) {
  const page: Page = await browser.newPage({ viewport: { width, height } })
  const errors: string[] = []
  page.on('console', (m) => {
    if (m.type() === 'error' || m.type() === 'warning') errors.push(m.text())
  })
  page.on('pageerror', (e) => errors.push(e.message))
  await page.goto(url)
  const text = (selector: string) => page.locator(selector).first().textContent()
  const eventually = (selector: string, expected: RegExp | string) =>
    vi.waitFor(async () => expect(await text(selector)).toMatch(expected))
  return { page, errors, text, eventually }
}
