import { expect, test, vi } from 'vitest'
import { createScene } from '../collector/screens/scene.ts'
import { clipped, overflow, shortenedNames } from './open-page.ts'
import { scenePages } from './scene-pages.ts'

const { openScene: open } = scenePages()

test('money is in the site’s currency with its rate, and old prices are named with age and source', async () => {
  const scene = createScene()
  const { server, page, errors, eventually } = await open(scene)
  await eventually(
    '.mwh-compared',
    /Energy costs41\.40USD\/MWh.*Mining earns9\d\.\d\d.*AI compute earns2,\d{3}/,
  )
  const prices = scene.site().prices.map((p) => ({
    ...p,
    stale: true,
    staleAfterMs: scene.nowMs - 22 * 60_000,
    source: 'tickers (median of kraken, coinbase)',
  }))
  scene.change.site = { displayCurrency: { code: 'EUR', perUsd: 0.5, stale: true }, prices, demandUsdPerH: 8 }
  server.tick()
  await eventually('header', /EUR at 0\.5000 a USD ◆ old rate/)
  await eventually('.net .sub', /^€\d{3} \u2212 €\d+ energy \u2212 €4 demand$/)
  await eventually('.mwh-compared', /Energy costs20\.70◆ old price/)
  await eventually('.trend h2', /EUR\/MWh, 24 h.*at the present rate/)
  await eventually(
    '.banners',
    /◆ energy price 20\.70 EUR\/MWh out of date for 22 min · tickers \(median of kraken, coinbase\).*◆ BTC price €48,206\/BTC/,
  )
  expect(await page.locator('.wall').textContent()).not.toContain('$')
  for (const width of [1920, 390]) {
    await page.setViewportSize({ width, height: 1080 })
    expect([width, await page.evaluate(overflow), await page.evaluate(clipped)]).toEqual([width, 0, []])
  }
  expect(errors).toEqual([])
})

test('amounts of a large site in a currency without a symbol are whole at any width', async () => {
  const scene = createScene({ containers: 40, racksPerContainer: 52 })
  const ledgerBehind = { sinceMs: scene.nowMs - 26 * 3_600_000, records: 143_200, minutes: 3 }
  scene.change.site = {
    displayCurrency: { code: 'SEK', perUsd: 10.44, stale: false },
    demandUsdPerH: 2_345,
    ledgerBehind,
  }
  const { page, errors, eventually } = await open(scene)
  await eventually('.net .big', /^SEK\s356,\d{3}\/h$/)
  for (const width of [390, 820, 1366, 1920, 3840]) {
    await page.setViewportSize({ width, height: Math.max(768, Math.floor((width * 9) / 16)) })
    await vi.waitFor(async () => expect([width, await page.evaluate(clipped)]).toEqual([width, []]))
    expect([width, await page.evaluate(overflow)]).toEqual([width, 0])
    expect([width, await page.evaluate(shortenedNames)]).toEqual([width, []])
  }
  expect(errors).toEqual([])
})

test('every kind of workload has its name, and meters that measure less than their machines are no loss', async () => {
  const scene = createScene()
  const [one] = scene.workloads()
  scene.change.workloads = (['reserved', 'colocation', 'fixed', 'unaccounted'] as const).map((kind) => ({
    ...one!,
    workload: kind,
    kind,
    ...(kind === 'unaccounted' ? { powerW: -4_200, revenueUsdPerH: 0, netUsdPerH: 0.2 } : {}),
  }))
  const { page, eventually } = await open(scene)
  await eventually('.workloads tbody', /reserved GPUs.*colocation.*fixed fee/)
  await eventually('.workloads tbody tr:last-child', /meters that disagree.*\u22124\.20 kW.*\$0\.20\/h/)
  expect(await page.locator('.workloads tbody tr:last-child').getAttribute('class')).toBe('costs')
  await eventually('.mwh-compared', /Mining earns–uses no power now.*Colocation earns/)
})
