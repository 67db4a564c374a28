import { describe, expect, it } from 'vitest'
import type { LedgerRow } from '../../../collector/economics/ledger-row.ts'
import { WorkloadSchema } from '../../../collector/economics/workloads.ts'
import { StatementService } from '../../../collector/statements/statement-service.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { HOUR_MS, MINUTE_MS } from '../../../protocol/units.ts'
import { batch, KNOWN, LedgerRig, POOL, record } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

const DAY_MS = 24 * HOUR_MS
const WORKLOADS = [
  { name: 'mining', kind: 'mining', scheme: 'fpps', poolFeeRatio: 0.02, match: [{ poolUrl: '*' }] },
  { name: 'rent', kind: 'fixed', usdPerMonth: 12_345.67, customer: 'Acme' },
].map((w) => WorkloadSchema.parse(w))

const BEGIN_MS = Date.UTC(2026, 1, 27)
const DOWN_MS = Date.UTC(2026, 2, 2, 13, 7)
const BACK_MS = Date.UTC(2026, 3, 4, 4, 30)
/** What the agent closes until the end: a miner and the site's meter every seven hours, numbered from 1. */
const ALL = Array.from({ length: Math.floor((BACK_MS - BEGIN_MS) / (7 * HOUR_MS)) }, (_, i) => {
  const startMs = BEGIN_MS + i * 7 * HOUR_MS
  return [
    record(0, 'rig1', { owner: POOL, startMs, workDiff1: 1_000_000 + i }),
    record(0, 'meter', { startMs }),
  ]
}).flat()

/** A collector's life on a store. */
async function life(store: MemoryStore, nowMs: number): Promise<LedgerRig> {
  const rig = new LedgerRig(store, WORKLOADS, [], KNOWN, undefined, { nowMs, retentionMs: 400 * DAY_MS })
  // a tariff that changes before the downtime, in it, and near its end
  for (const [fromMs, value] of [
    [Date.UTC(2026, 2, 1), 0.06],
    [Date.UTC(2026, 2, 10), 0.07],
    [Date.UTC(2026, 3, 1), 0.03],
  ] as const)
    rig.quotes.add({ name: 'energyUsdPerKwh', value, unit: '', source: 'test', fromMs })
  return rig.start()
}

/** Runs until a time in steps of six hours: the agent's records come within six hours after they were closed. */
async function runUntil(rig: LedgerRig, endMs: number, firstSeq: number): Promise<number> {
  let seq = firstSeq
  while (rig.nowMs < endMs) {
    rig.nowMs = Math.min(endMs, rig.nowMs + 6 * HOUR_MS)
    seq = await deliver(rig, seq)
    await settleEverything(rig)
  }
  return seq
}

/** Sends what the agent has closed and the collector does not have. @returns the next number */
async function deliver(rig: LedgerRig, seq: number): Promise<number> {
  const closed = ALL.slice(seq - 1).filter(({ startMs }) => startMs + MINUTE_MS <= rig.nowMs)
  if (closed.length === 0) return seq
  expect(await rig.take(batch(seq, closed))).toMatchObject({ seq: seq + closed.length - 1 })
  return seq + closed.length
}

async function settleEverything(rig: LedgerRig): Promise<void> {
  do await rig.settler.tick()
  while (rig.settler.searching || rig.settler.overdue > 0)
}

const statementsOf = (store: MemoryStore, rig: LedgerRig) =>
  new StatementService({
    store,
    pricing: rig.pricing,
    devices: KNOWN,
    site: { id: 'plains' },
    nowMs: () => rig.nowMs,
    log: SILENT,
  })
const march = { month: '2026-03', customer: 'Acme' } as const
const cells = (rows: readonly LedgerRow[]) =>
  rows.map((row) => JSON.stringify(row, Object.keys(row).sort())).sort()

describe('a downtime of 33 days', () => {
  it('leaves the ledger as it is without one, cell by cell, and no statement prints the part as the whole', async () => {
    const [without, withOne] = [new MemoryStore(), new MemoryStore()]
    const always = await life(without, BEGIN_MS)
    await runUntil(always, BACK_MS, 1)
    await settleEverything(always)

    const before = await life(withOne, BEGIN_MS)
    let seq = await runUntil(before, DOWN_MS, 1)
    // acknowledged in the last moment, and not settled
    before.nowMs += 6 * HOUR_MS
    seq = await deliver(before, seq)
    await before.stop()

    const back = await life(withOne, BACK_MS)
    const statements = statementsOf(withOne, back)
    const draft = await statements.statement({ ...march, copy: 'customer' })
    const marchMinutes = 31 * 24 * 60
    const { settledMinutes = 0, waitingMinutes = 0 } = draft?.completeness ?? {}
    expect(draft?.provisional).toBe(true)
    expect([settledMinutes < 4_000, settledMinutes + waitingMinutes]).toEqual([true, marchMinutes])
    expect(draft?.totalUsd).toBeLessThan(1_200)
    await expect(statements.issue({ ...march, by: 'ann', incomplete: true }, () => '')).rejects.toMatchObject(
      { code: 'incomplete', message: expect.stringContaining('provisional') },
    )

    seq = await deliver(back, seq)
    expect(seq).toBe(ALL.length + 1)
    back.nowMs += MINUTE_MS
    always.nowMs += MINUTE_MS
    await settleEverything(back)
    await settleEverything(always)

    expect(withOne.rows.length).toBe(without.rows.length)
    expect(cells(withOne.rows)).toEqual(cells(without.rows))
    const [a, b] = await Promise.all(
      [statementsOf(without, always), statements].map((s) => s.statement({ ...march, copy: 'own' })),
    )
    expect(b?.lines).toEqual(a?.lines)
    expect(b).toMatchObject({
      provisional: false,
      totalUsd: 12_345.67,
      completeness: { settledMinutes: marchMinutes, waitingMinutes: 0 },
    })
    expect(await statements.issue({ ...march, by: 'ann', incomplete: false }, () => '')).toMatchObject({
      totalUsd: 12_345.67,
    })
    await Promise.all([always.stop(), back.stop()])
  }, 300_000)
})

it('a contract that the configuration of the restart no longer has pays for the downtime too', async () => {
  const store = new MemoryStore()
  const before = await life(store, BEGIN_MS)
  await before.stop()
  const nowMs = BEGIN_MS + 2 * DAY_MS
  const more = { nowMs, retentionMs: 400 * DAY_MS }
  const back = new LedgerRig(store, WORKLOADS.slice(0, 1), [], KNOWN, undefined, more)
  await back.start()
  await settleEverything(back)
  const rent = store.rows.filter((row) => row.workload === 'rent')
  // the last minute still waits for its records
  expect(rent).toHaveLength((2 * DAY_MS) / MINUTE_MS - 1)
  await back.stop()
})
