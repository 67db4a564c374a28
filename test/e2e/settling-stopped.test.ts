import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { Settler } from '../../collector/settling/settler.ts'
import type { SiteView } from '../../collector/views/site.ts'
import { eventually } from '../eventually.ts'
import { type Mosquitto, startMosquitto } from '../mosquitto.ts'
import { type StandingSite, startSite, statusOf } from './standing-rig.ts'

/** An alert is due within two minutes of the fault; the time before is that of the first record. */
const DUE_MS = 190_000

let broker: Mosquitto
let site: StandingSite
beforeAll(async () => {
  broker = await startMosquitto()
})
afterAll(async () => {
  vi.restoreAllMocks()
  await site?.stop()
  await broker?.stop()
})

it('minutes whose records are stored and that nobody settles are told, on the wall’s data, by the command and by an alert', async () => {
  // settling hangs, as on a promise that nothing keeps
  vi.spyOn(Settler.prototype, 'settleDue').mockResolvedValue(false)
  site = await startSite({ site: 'plains', broker: broker.url })
  const alerts = await eventually(
    () => site.alerts(),
    (all) => all.some(({ rule }) => rule === 'standing-still'),
    DUE_MS,
  )
  expect(alerts.find(({ rule }) => rule === 'standing-still')).toMatchObject({
    severity: 'critical',
    subject: { part: 'settling/settling' },
    summary: expect.stringContaining('no minute is settled'),
  })
  const { standing } = await site.get<SiteView>('/api/v1/site')
  expect(standing).toMatchObject([{ part: 'settling', cause: expect.any(String), cure: expect.any(String) }])
  expect((await site.ready()).code).toBe(503)
  const { text, exit } = await statusOf(site.url)
  expect([exit, text]).toEqual([3, expect.stringMatching(/settling +STANDS STILL/)])
}, 600_000)
