import { expect, test } from 'vitest'
import type { SiteView } from '../../collector/views/site.ts'
import { createScene } from '../collector/screens/scene.ts'
import { clipped, overflow } from './open-page.ts'
import { scenePages } from './scene-pages.ts'

const { openScene: open } = scenePages()

const MINUTE = 60_000
/** Two causes at once, with the longest texts that the judge writes. */
const standing = (atMs: number): NonNullable<SiteView['standing']> => [
  {
    part: 'store',
    kind: 'store',
    what: 'records are not stored',
    sinceMs: atMs - 3 * MINUTE,
    waiting: 12_040,
    cause:
      'the store influx refuses or fails: influx http://10.0.0.5:8086: partial write: points beyond retention policy dropped=412',
    cure: 'give the retention policy of the database no end: ALTER RETENTION POLICY ... DURATION INF; nothing is lost, the agents keep their records',
  },
  {
    part: 'records',
    kind: 'dropped',
    what: 'records wait at agents and do not arrive',
    sinceMs: atMs - 2 * MINUTE,
    who: ['edge-c01', 'edge-c02', 'edge-c03', 'edge-c04'],
    count: 14,
    waiting: 980,
    cause: 'agent edge-c01 sends, and the broker passes nothing on, not even a message of 612 bytes',
    cure: 'at the broker, let the user of agent edge-c01 write perwatt/1/plainview/edge-c01/intervals, let the collector read it (access control list), and allow messages of 612 bytes and more',
  },
  {
    part: 'settling',
    kind: 'settling',
    what: 'no minute is settled',
    sinceMs: atMs - MINUTE,
    waiting: 3,
    cause: 'settling has not ended its work',
    cure: 'restart the collector, and report this with its log; nothing is lost',
  },
]

/** What remains of the opacity of an element, with that of all around it. */
const opacityOf = (selector: string) => `(() => {
  let opacity = 1
  for (let e = document.querySelector('${selector}'); e; e = e.parentElement) opacity *= Number(getComputedStyle(e).opacity)
  return opacity
})()`

test.each([
  [390, 844],
  [1920, 1080],
  [3840, 2160],
])(
  'what stands still is the first thing on the wall at %i px, whole, with cause and cure',
  async (width, height) => {
    const scene = createScene()
    const { server, page, errors, eventually } = await open(scene, '/wall', width, height)
    expect(await page.locator('.standing').count()).toBe(0)
    scene.change.site = { standing: standing(scene.nowMs) }
    server.tick()
    await eventually(
      '.standing',
      /STANDING STILL 03:00.*records are not stored \(12,040 records\).*DURATION INF/s,
    )
    await eventually('.standing', /edge-c01, edge-c02, edge-c03 and 11 more.*intervals.*and 1 more/s)
    expect([width, await page.evaluate(overflow), await page.evaluate(clipped)]).toEqual([width, 0, []])
    const box = await page.locator('.standing').boundingBox()
    expect(box?.y).toBeLessThan(2)
    // a wall still shows its figures below
    if (width > 1000) {
      expect(box?.height).toBeLessThan(0.2 * height)
      const tiles = await page.locator('.tiles').boundingBox()
      expect((tiles?.y ?? 0) + (tiles?.height ?? 0)).toBeLessThan(height)
    }
    scene.change.site = {}
    server.tick()
    await expect.poll(() => page.locator('.standing').count()).toBe(0)
    expect(errors).toEqual([])
  },
)

test('the strip stands on the economics page too', async () => {
  const scene = createScene()
  scene.change.site = { standing: standing(scene.nowMs).slice(0, 1) }
  const { eventually } = await open(scene, '/economics')
  await eventually('.standing', /STANDING STILL.*records are not stored/s)
})

test('a wall on which nothing is heard shows the last figures, each marked with its time, and never dims an alarm', async () => {
  const scene = createScene()
  const { server, page, errors, text, eventually } = await open(scene)
  await eventually('.net .big', /^\$1,0\d\d/)
  const [net, power, hashrate] = [
    await text('.net .big'),
    await text('.power .big'),
    await text('.hashrate .big'),
  ]
  const heardMs = scene.nowMs
  const before = { ...scene.site() }
  const workloads = scene.workloads()
  scene.advance(10 * MINUTE)
  const stale = { devices: 1_800, heardMs, whole: true, powerW: before.powerW }
  scene.change.site = {
    ...before,
    atMs: scene.nowMs,
    stale,
    devicesReporting: 0,
    agents: before.agents.map((a) => ({ ...a, state: 'stale' as const, lastSeenMs: heardMs })),
  }
  scene.change.workloads = workloads.map((w) => ({ ...w, stale: { ...stale, devices: 10 } }))
  scene.change.worst = []
  server.tick()
  await eventually('.banners', /STALE 10:00.*these are the last known figures/s)
  expect([await text('.net .big'), await text('.power .big'), await text('.hashrate .big')]).toEqual([
    net,
    power,
    hashrate,
  ])
  for (const tile of ['net', 'power', 'hashrate', 'gpus'])
    expect([tile, await text(`.${tile} h2`)]).toEqual([tile, expect.stringMatching(/◷ 13:32$/)])
  await eventually('.power .sub', /left then$/)
  await eventually('.workloads tbody', /◷ 13:32/)
  await eventually('.mwh-compared', /◷ 13:32/)
  await eventually('.worst', /No device lost money when it was last heard/)
  for (const alarm of ['.alerts .row', '.alert-counts .big', '.racks canvas', '.banners'])
    expect([alarm, await page.evaluate(opacityOf(alarm))]).toEqual([alarm, 1])
  expect(await page.evaluate(opacityOf('.power .big'))).toBeLessThan(1)
  expect(await page.evaluate(clipped)).toEqual([])
  // an alarm of a figure that is old is an alarm: a limit that was exceeded, a loss
  scene.change.site = {
    ...scene.change.site,
    powerLimitW: 1_000,
    netUsdPerH: -5,
    revenueUsdPerH: 5,
    energyCostUsdPerH: 10,
    demandUsdPerH: 0,
  }
  server.tick()
  await eventually('.power .sub', /over then$/)
  for (const alarm of ['.power .big', '.net .big'])
    expect([alarm, await page.evaluate(opacityOf(alarm))]).toEqual([alarm, 1])
  await page.setViewportSize({ width: 390, height: 844 })
  expect([await page.evaluate(overflow), await page.evaluate(clipped)]).toEqual([0, []])
  expect(errors).toEqual([])
})

test('machines that are not heard while others are stand in a banner, with what they drew and since when', async () => {
  const scene = createScene()
  const heardMs = scene.nowMs - 9 * MINUTE
  scene.change.site = { stale: { devices: 40, heardMs, whole: false, powerW: 130_000 } }
  const { eventually, text } = await open(scene)
  await eventually(
    '.banners',
    /40 machines not heard since 13:23: the sums are without them \(they drew 130\.0 kW\)/,
  )
  expect(await text('.power h2')).not.toContain('◷')
})

test('a site of which nothing was ever heard shows no zero', async () => {
  const scene = createScene()
  scene.change.site = {
    stale: { devices: 40, whole: true, powerW: 0 },
    powerW: 0,
    hashrateHs: 0,
    netUsdPerH: 0,
  }
  const { eventually } = await open(scene)
  await eventually('.power .big', /^–/)
  await eventually('.hashrate .big', /^–/)
  await eventually('.net .big', /^–/)
})
