import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { monthNamed } from '../../collector/economics/calendar.ts'
import { buildWeb } from '../../collector/screens/web-build.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import { launchChromium } from '../chromium.ts'
import { ReportsRig, TOKEN } from '../collector/screens/reports-rig.ts'
import { minuteOf } from '../collector/statement-rig.ts'

const ZONE = 'America/Chicago'
const { startMs } = monthNamed('2026-11', ZONE)
const COSTS = { demand: { usdPerKwMonth: 12, billedKw: 150 } }

let browser: Browser
let rig: ReportsRig | undefined
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser.close())
afterEach(() => rig?.stop())

async function open(query: string, width: number) {
  rig = await new ReportsRig({ timeZone: ZONE, costs: COSTS, assets: await buildWeb() }).start()
  await rig.site.settle(startMs, startMs + 30 * MINUTE_MS, (m) => minuteOf(m, m % 4 ? 90 : 130))
  const page = await browser.newPage({
    viewport: { width, height: 900 },
    extraHTTPHeaders: { authorization: `Bearer ${TOKEN}` },
  })
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))
  await page.goto(`${rig.url}/statement?month=2026-11${query}`)
  return { page, said }
}

it.each([390, 794, 1280])(
  'a statement fits a screen %i px wide, with its own style and nothing refused',
  async (width) => {
    const { page, said } = await open('&copy=own', width)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    expect(await page.evaluate(() => getComputedStyle(document.body).fontVariantNumeric)).toBe('tabular-nums')
    expect(await page.locator('tfoot .n').first().textContent()).toMatch(/^[\d,]+\.\d\d$/)
    expect(said).toEqual([])
    await page.close()
  },
)

it('a statement prints on one A4 page where it is short', async () => {
  const { page } = await open('&customer=Acme', 794)
  const pdf = await page.pdf({ format: 'A4' })
  expect(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)).toHaveLength(1)
  await page.close()
})
