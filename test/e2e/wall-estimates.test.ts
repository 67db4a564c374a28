import { expect, test, vi } from 'vitest'
import type { LedgerFigure } from '../../collector/views/ledger-figure.ts'
import { createScene, type Scene } from '../collector/screens/scene.ts'
import { clipped, overflow, shortenedNames } from './open-page.ts'
import { scenePages } from './scene-pages.ts'

const { openScene: open } = scenePages()

/** A scene whose miners count no accepted work, and whose rented GPUs have power by model. */
function estimatedScene(): Scene {
  const scene = createScene({ containers: 40, racksPerContainer: 52 })
  const lastMinute = { estimatedUsd: 12.5, revenueUsd: 20 } as LedgerFigure
  scene.change.workloads = scene.workloads().map((w) => ({
    ...w,
    ...(w.kind === 'mining' ? { lastMinute } : {}),
    ...(w.workload === 'training-on-demand' ? { estimatedPowerW: w.powerW / 3 } : {}),
  }))
  scene.change.worst = scene
    .devices()
    .map((d, i) => (i === 0 ? { ...d, powerBasis: 'modelled' as const } : d))
  return scene
}

const row = (name: string) => `.workloads tr:has(> th:has-text("${name}"))`

test('figures that rest on an estimate have ≈ before them, and the others have none', async () => {
  const { errors, text, eventually } = await open(estimatedScene())
  // work that no machine counted: revenue, price of a MWh and net, and the site's net
  for (const cell of ['revenue', 'price', 'net']) await eventually(`${row('bitcoin')} .${cell}`, /^≈ /)
  expect(await text(`${row('bitcoin')} td.power`)).not.toContain('≈')
  await eventually('.net .big', /^≈/)
  // power by model: power, price of a MWh and net, not what it earns
  for (const cell of ['power', 'price', 'net'])
    await eventually(`${row('training-on-demand')} td.${cell}`, /^≈ /)
  expect(await text(`${row('training-on-demand')} .revenue`)).not.toContain('≈')
  expect(await text(row('training-reserved'))).not.toContain('≈')
  expect(await text('.power .big')).not.toContain('≈')
  await eventually('.workloads h2', /≈ partly estimated/)
  await eventually('.mwh-compared', /Mining earns≈ .*AI compute earns≈ /)
  await eventually('.worst .row >> nth=0', /≈ \d.*≈ .*≈ /)
  expect(await text('.worst .row >> nth=1')).not.toContain('≈')
  expect(errors).toEqual([])
})

test('without a site meter the site’s power is marked where a part of it is a guess', async () => {
  const scene = createScene()
  scene.change.site = { estimatedPowerW: 1_000 }
  const { text, eventually } = await open(scene)
  await eventually('.power .big', /^≈/)
  await eventually('.net .big', /^≈/)
  expect(await text('.workloads h2')).not.toContain('≈')
})

test('the marks are cut off at no width, from a phone to a 4K wall, also with a loss', async () => {
  const scene = estimatedScene()
  scene.change.site = { netUsdPerH: -123_456.78, estimatedPowerW: 1_000, demandUsdPerH: 2_345 }
  const { page, errors, eventually } = await open(scene)
  await eventually('.net .big', /^▼ ≈/)
  for (const [width, height] of [
    [390, 844],
    [820, 1180],
    [1366, 768],
    [1920, 1080],
    [3840, 2160],
  ] as const) {
    await page.setViewportSize({ width, height })
    await vi.waitFor(async () => expect([width, await page.evaluate(clipped)]).toEqual([width, []]))
    expect([width, await page.evaluate(overflow)]).toEqual([width, 0])
    expect([width, await page.evaluate(shortenedNames)]).toEqual([width, []])
  }
  expect(errors).toEqual([])
})
