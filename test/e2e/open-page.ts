import type { Browser, Page } from 'playwright-core'
import { expect, vi } from 'vitest'

/** How far a page scrolls sideways, px. */
export const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'

/** Texts that their panel cuts off without an ellipsis. */
export const clipped = `[...document.querySelectorAll('.panel :is(p, td, th, h2, h2 small, .where, .loss, .price, .big *), header *')]
  .filter((e) => e.checkVisibility() && !e.classList.contains('aloud'))
  .filter((e) => {
    const own = e.getBoundingClientRect()
    const panel = (e.closest('.panel') ?? document.documentElement).getBoundingClientRect()
    return own.right > panel.right + 1 || own.bottom > panel.bottom + 1 || own.left < panel.left - 1
  })
  .map((e) => e.className + ' ' + e.textContent)`

/** Opens a page of the collector; `errors` collects the console's errors. */
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
