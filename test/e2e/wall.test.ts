import { expect, test } from 'vitest'
import { Secret } from '../../protocol/kit/secret.ts'
import { createScene } from '../collector/screens/scene.ts'
import { clipped, overflow, shortenedNames } from './open-page.ts'
import { scenePages } from './scene-pages.ts'

const { serve, open } = scenePages()

/** Distinct colours on the rack map: 1 is a blank canvas. */
const colours = `(() => {
  const c = document.createElement('canvas')
  const map = document.querySelector('.racks canvas')
  Object.assign(c, { width: map.width, height: map.height })
  const g = c.getContext('2d', { willReadFrequently: true })
  g.drawImage(map, 0, 0)
  const bytes = g.getImageData(0, 0, c.width, c.height).data
  return new Set(new Uint32Array(bytes.buffer)).size
})()`

test('the wall shows the site, and its figures change with each frame', async () => {
  const scene = createScene()
  const { server, port } = await serve(scene)
  const { page, errors, text, eventually } = await open(port)
  expect(page.url()).toMatch(/\/wall$/)
  await eventually('.net .big', /^\$1,0\d\d/)
  await eventually('.power .sub', /limit 5\.20 MW/)
  await eventually('header', /Plainview North.*CDT America\/Chicago/s)
  const before = await text('.workloads tbody')
  scene.advance(5_000)
  scene.change.site = { netUsdPerH: -12.5, revenueUsdPerH: 7.5, energyCostUsdPerH: 20, demandUsdPerH: 0 }
  server.tick()
  await eventually('.net .big', '▼\u2212$12.50')
  expect(await text('.workloads tbody')).not.toBe(before)
  expect(errors).toEqual([])
})

test('the trend and the rack map are drawn, and a rack that fails changes the map', async () => {
  const scene = createScene()
  const racks = scene.frame().racks.map((r) => ({ ...r, condition: 'normal' as const, needHands: 0 }))
  scene.change.racks = racks
  const { server, port } = await serve(scene)
  const { page, errors, eventually } = await open(port)
  await eventually('.racks h2', /no machine needs hands/)
  await page.locator('.chart canvas').waitFor()
  const calm = (await page.evaluate(colours)) as number
  expect(calm).toBeGreaterThan(1)
  scene.change.racks = racks.map((r, i) =>
    i === 7 ? { ...r, condition: 'down' as const, needHands: 23 } : r,
  )
  server.tick()
  await eventually('.racks h2', /23 machines need hands/)
  expect(await page.evaluate(colours)).toBeGreaterThan(calm)
  expect(await page.locator('.racks canvas').getAttribute('aria-label')).toContain('C01 R08: 23 of 30')
  expect(errors).toEqual([])
})

test('it shows how far the ledger is behind, how many minutes were restated, and the records that agents lost, at any width', async () => {
  const scene = createScene()
  const { server, port } = await serve(scene)
  const { page, eventually } = await open(port)
  const { atMs } = scene.site()
  const hour = 3_600_000
  const losses = [
    { agentId: 'edge-c02', records: 1_200, atMs, fromMs: atMs - 3 * hour, toMs: atMs - 2 * hour },
    { agentId: 'edge-c03', records: 7, atMs },
  ]
  await eventually('.age .sub', /^ledger to \d\d:\d\d$/)
  scene.change.site = {
    ledgerBehind: { sinceMs: atMs - 2 * hour, records: 43_200, minutes: 3 },
    ledgerLosses: losses,
  }
  server.tick()
  await eventually('.age .sub', /^ledger 2 h 0 min behind: 43,200 records to come$/)
  await eventually(
    '.banners',
    /edge-c02 lost 1,200 records of \d\d:\d\d to \d\d:\d\d.*edge-c03 lost 7 records/,
  )
  for (const width of [1920, 390]) {
    await page.setViewportSize({ width, height: 1080 })
    expect([width, await page.evaluate(overflow), await page.evaluate(clipped)]).toEqual([width, 0, []])
  }
  scene.change.site = { ledgerRestatedMinutes: 120 }
  server.tick()
  await eventually('.age .sub', /^ledger to \d\d:\d\d · 120 min restated$/)
  expect(await page.locator('.banners .silent').count()).toBe(0)
})

test('when frames stop, the figures are dimmed under a banner with their age; a new frame lifts it', async () => {
  const scene = createScene()
  const agents = scene.site().agents.map((a) => ({ ...a, pollS: 1 }))
  scene.change.agents = agents
  const { server, port } = await serve(scene)
  const { page, errors, eventually } = await open(port)
  await eventually('.banner.stale', /^STALE \d\d:\d\d/)
  expect(await page.locator('.wall').getAttribute('class')).toContain('dimmed')
  server.tick()
  await page.locator('.banner.stale').waitFor({ state: 'detached' })
  expect(errors).toEqual([])
})

test('an agent that stopped is named while the rest goes on', async () => {
  const scene = createScene()
  scene.change.agents = scene
    .site()
    .agents.map((a) =>
      a.agentId === 'south' ? { ...a, state: 'stale', lastSeenMs: scene.nowMs - 62_000 } : a,
    )
  const { port } = await serve(scene)
  const { page, eventually } = await open(port)
  await eventually('.banner.silent', /◆ south stale 01:\d\d/)
  expect(await page.locator('.wall').getAttribute('class')).not.toContain('dimmed')
})

test('a lost collector is shown at once, and the wall recovers by itself with the newest state', async () => {
  const scene = createScene()
  const { server, port } = await serve(scene)
  const { page, eventually } = await open(port)
  await eventually('.net .big', /\$1,0/)
  await server.close()
  await eventually('.banner.lost', /No connection to the collector\s+· reconnecting/)
  scene.change.site = { netUsdPerH: 77, revenueUsdPerH: 97, energyCostUsdPerH: 20, demandUsdPerH: 0 }
  await serve(scene, port)
  await eventually('.net .big', '$77.00')
  await page.locator('.banner.lost').waitFor({ state: 'detached' })
})

test('a collector of another version makes the wall load itself again', async () => {
  const scene = createScene()
  const { server, port } = await serve(scene)
  const { page, eventually } = await open(port)
  await eventually('.net .big', /\$1,0/)
  const again = page.waitForEvent('load', { timeout: 20_000 })
  await server.close()
  await serve(scene, port, { version: '1.3.0' })
  await again
  await eventually('.net .big', /\$1,0/)
})

test('simulated machines are marked on the site and in the lists, real ones are not', async () => {
  const simulated = await serve(createScene())
  const first = await open(simulated.port)
  await first.eventually('.banner.simulated', /SIMULATED/)
  expect(await first.page.locator('.worst .chip').count()).toBeGreaterThan(0)
  const real = await serve(createScene({ simulated: false }))
  const second = await open(real.port)
  await second.eventually('.net .big', /\$1,0/)
  expect(await second.page.locator('.banner.simulated, .chip').count()).toBe(0)
})

test('a collector without agents says what to do', async () => {
  const scene = createScene()
  scene.change = { site: { devices: 0, devicesReporting: 0 }, agents: [] }
  const { port } = await serve(scene)
  const { eventually } = await open(port)
  await eventually('.empty', /No agent has reported yet. Install perwatt-agent/)
})

test('a calm new site says so where lists and trend are empty', async () => {
  const scene = createScene()
  scene.change = {
    site: {},
    alerts: [],
    worst: [],
    trend: { startMs: [], revenueUsdPerKwh: {}, energyUsdPerKwh: [] },
  }
  const { port } = await serve(scene)
  const { eventually } = await open(port)
  await eventually('.alerts .rows', /No alert is firing/)
  await eventually('.trend', /No settled minute yet/)
  await eventually('.worst .rows', /No device loses money/)
})

test.each([
  [390, 844, 4, 15],
  [820, 1180, 4, 15],
  [1366, 768, 40, 52],
  [1920, 1080, 4, 15],
  [1920, 1080, 40, 52],
  [3840, 2160, 40, 52],
])(
  'at %i x %i with %i containers of %i racks nothing is cut off',
  async (width, height, containers, racksPerContainer) => {
    const { port } = await serve(createScene({ containers, racksPerContainer }))
    const { page, errors, eventually } = await open(port, width, height)
    await eventually('.net .big', /\$/)
    await page.locator('.chart canvas').waitFor()
    await expect.poll(() => page.evaluate(overflow)).toBe(0)
    await expect.poll(() => page.evaluate(clipped)).toEqual([])
    await expect.poll(() => page.evaluate(shortenedNames)).toEqual([])
    expect(await page.evaluate(colours)).toBeGreaterThan(1)
    if (width >= 1200) {
      const end = await page.locator('main').boundingBox()
      expect((end?.y ?? 0) + (end?.height ?? 0)).toBeGreaterThan(height * 0.98)
      expect(await page.evaluate('document.documentElement.scrollHeight')).toBe(height)
    }
    expect(errors).toEqual([])
  },
)

test.each([
  [390, 844],
  [1920, 1080],
])('at %i x %i long names, large sums and many lines cut nothing off either', async (width, height) => {
  const scene = createScene()
  const workloads = scene.workloads()
  const [alert] = scene.alerts()
  const name = 'a-name-as-long-as-names-may-be-and-somebody-did-choose-it'
  scene.change = {
    site: {
      name: 'The very long name of a site in the north of the county of Plainview',
      netUsdPerH: -1_234_567,
      revenueUsdPerH: 1_000_000,
      energyCostUsdPerH: 2_234_567,
      demandUsdPerH: 0,
    },
    workloads: [...workloads, ...workloads.map((w, i) => ({ ...w, workload: `${name}-${i}` }))],
    alerts: Array.from({ length: 140 }, (_, i) => ({
      ...alert!,
      id: `a${i}`,
      severity: (['critical', 'warning', 'info'] as const)[i % 3]!,
      subject: { deviceId: `${name}/gpu7` },
    })),
  }
  const { port } = await serve(scene)
  const { page, eventually } = await open(port, width, height)
  await eventually('.net .big', /1,234,567/)
  await expect.poll(() => page.evaluate(overflow)).toBe(0)
  await expect.poll(() => page.evaluate(clipped)).toEqual([])
  await eventually('.workloads tbody', /7 more/)
  await eventually('.alerts h2', /and \d+ more/)
})

test('what a finger touches on a phone is at least 44 pixels high', async () => {
  const { port } = await serve(createScene())
  const { page, eventually } = await open(port, 390, 844)
  await eventually('.net .big', /\$/)
  for (const target of await page.locator('nav a, .row').all())
    expect((await target.boundingBox())?.height).toBeGreaterThanOrEqual(44)
})

test('with a token, a browser signs in once and sees the wall', async () => {
  const { port } = await serve(createScene(), 0, { token: new Secret('correct-horse-battery') })
  const { page, eventually } = await open(port)
  expect(page.url()).toMatch(/\/sign-in$/)
  await page.getByLabel('Token').fill('guess')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await eventually('#wrong', /not the token/)
  await page.getByLabel('Token').fill('correct-horse-battery')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await eventually('.net .big', /\$1,0/)
})
