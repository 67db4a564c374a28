import { afterEach, beforeEach, expect, it } from 'vitest'
import type { RepricingRequest } from '../../../collector/settling/repricing-request.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { eventually } from '../../eventually.ts'
import { batch, LedgerRig, record, T0 } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

const DAY_MS = 1440 * MINUTE_MS
let store: MemoryStore
let rig: LedgerRig
beforeEach(async () => {
  store = new MemoryStore()
  rig = await new LedgerRig(store).start()
})
afterEach(() => rig.stop())

const dearer = (fromMs: number, toMs: number): RepricingRequest => ({
  fromMs,
  toMs,
  by: 'ann',
  reason: 'the tariff was typed wrong',
  presentRules: false,
  quotes: [{ name: 'energyUsdPerKwh', value: 0.1, unit: '', source: 'corrected by ann', fromMs }],
})
const stored = async (id: string) => (await store.repricings()).find((r) => r.id === id)
const done = (id: string) =>
  eventually(
    () => stored(id),
    (r) => r !== undefined && r.doneMs >= r.toMs,
  )
const costOf = (minute: number) =>
  store.rows
    .filter((row) => row.minuteMs === T0 + minute * MINUTE_MS)
    .reduce((sum, row) => sum + row.costNanoUsd, 0)
/** Settles this many minutes of one miner. */
async function mined(minutes: number): Promise<void> {
  rig.nowMs = T0 + (minutes + 5) * MINUTE_MS
  await rig.take(
    batch(
      1,
      Array.from({ length: minutes }, (_, m) => record(m)),
    ),
  )
  await rig.settleAll()
}

it('passes over time without settled minutes, and prices what comes later by its corrections', async () => {
  await mined(3)
  let asked = 0
  const { settlements } = store
  store.settlements = (fromMs, toMs) => {
    asked++
    return settlements.call(store, fromMs, toMs)
  }
  const { id } = await rig.repricer.request(dearer(T0 - 399 * DAY_MS, T0 + 5 * MINUTE_MS))
  await done(id)
  // a query a day, not one in half an hour
  expect(asked).toBeLessThan(410)
  expect([costOf(0), costOf(2)]).toEqual([5_000_000, 5_000_000])
  expect(store.settled.size).toBe(3)
  // a minute that had no record then
  await rig.take(batch(4, [record(3), record(-10 * 1440)]))
  await rig.settleAll()
  expect([costOf(3), costOf(-10 * 1440)]).toEqual([5_000_000, 5_000_000])
  // also after a restart
  await rig.stop()
  rig = new LedgerRig(store)
  rig.nowMs = T0 + 20 * MINUTE_MS
  await rig.start()
  await rig.take(batch(6, [record(4), record(6)]))
  await rig.settleAll()
  expect([costOf(4), costOf(6)]).toEqual([5_000_000, 2_500_000])
})

it('can be cancelled: what it has done stays, all else keeps its figures, over a restart too', async () => {
  await mined(200)
  let release = () => {}
  let seen = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const first = new Promise<void>((resolve) => {
    seen = resolve
  })
  const { settle } = store
  store.settle = async (...args) => {
    await settle.apply(store, args)
    seen()
    await held
  }
  const { id } = await rig.repricer.request(dearer(T0, T0 + 200 * MINUTE_MS))
  await first
  const cancelled = rig.repricer.cancel(id, 'ben')
  release()
  const { doneMs = 0 } = (await cancelled) ?? {}
  expect(doneMs).toBeGreaterThan(T0)
  expect(doneMs).toBeLessThan(T0 + 200 * MINUTE_MS)
  expect(await stored(id)).toMatchObject({ doneMs, cancelled: { by: 'ben' } })
  const doneMinutes = (doneMs - T0) / MINUTE_MS
  const costs = () => [costOf(0), costOf(doneMinutes - 1), costOf(doneMinutes), costOf(199)]
  expect(costs()).toEqual([5_000_000, 5_000_000, 2_500_000, 2_500_000])
  // the next one is not held up, and cancelling again changes nothing
  await rig.repricer.cancel(id, 'carl')
  expect((await stored(id))?.cancelled?.by).toBe('ben')
  await rig.stop()
  const { nowMs } = rig
  rig = new LedgerRig(store)
  rig.nowMs = nowMs
  await rig.start()
  const next = await rig.repricer.request(dearer(T0 + 199 * MINUTE_MS, T0 + 200 * MINUTE_MS))
  await done(next.id)
  expect(costs()).toEqual([5_000_000, 5_000_000, 2_500_000, 5_000_000])
})

it('cannot be cancelled when it is done, and nothing is cancelled that is not there', async () => {
  await mined(1)
  const { id } = await rig.repricer.request(dearer(T0, T0 + MINUTE_MS))
  await done(id)
  await expect(rig.repricer.cancel(id, 'ben')).rejects.toMatchObject({
    code: 'not-cancelled',
    message: expect.stringMatching(/is done; reprice the time again/),
  })
  expect(await rig.repricer.cancel('nothing', 'ben')).toBeUndefined()
})

it('after another collector had the store, what that one cancelled or did is not done again', async () => {
  await mined(2)
  const { settle } = store
  let refused = 0
  store.settle = () => {
    refused++
    return Promise.reject(new Error('another collector has the store'))
  }
  const cancelled = await rig.repricer.request(dearer(T0, T0 + MINUTE_MS))
  const half = await rig.repricer.request(dearer(T0, T0 + 2 * MINUTE_MS))
  await eventually(
    () => refused,
    (times) => times > 0,
  )
  await store.writeRepricing({ ...cancelled, cancelled: { atMs: rig.nowMs, by: 'ben' } })
  await store.writeRepricing({ ...half, doneMs: T0 + MINUTE_MS })
  store.settle = settle
  await rig.repricer.start()
  await done(half.id)
  expect(await stored(cancelled.id)).toMatchObject({ doneMs: T0, cancelled: { by: 'ben' } })
  expect([costOf(0), costOf(1)]).toEqual([2_500_000, 5_000_000])
  const next = await rig.repricer.request(dearer(T0, T0 + MINUTE_MS))
  await done(next.id)
  expect(costOf(0)).toBe(5_000_000)
})
