import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AgentRateLimit } from '../../../collector/intake/agent-rate-limit.ts'
import { BatchReceiver } from '../../../collector/intake/batch-receiver.ts'
import type { Store } from '../../../collector/plugin/store.ts'
import { createDuckdbStore } from '../../../collector/stores/duckdb/duckdb.ts'
import { encode } from '../../../protocol/codec.ts'
import { encodeIntervals, type Interval, type IntervalBatch } from '../../../protocol/interval.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import type { AckMessage } from '../../../protocol/status.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { eventually } from '../../eventually.ts'
import { batch, LedgerRig, record, T0 } from '../ledger-rig.ts'

const bytes = (b: IntervalBatch, sentAtMs = 5): Uint8Array =>
  new TextEncoder().encode(encode(encodeIntervals(b, sentAtMs)))

/** Messages as they come from the broker, into a real DuckDB. */
describe('the batch receiver', () => {
  let folder: string
  let store: Store
  let rig: LedgerRig
  let receiver: BatchReceiver
  let acks: [agentId: string, ack: AckMessage][]
  let refused: string[]

  const receive = (agentId: string, payload: Uint8Array) =>
    receiver.receive(agentId, payload, {
      reply: (ack) => acks.push([agentId, ack]),
      refuse: (reason) => refused.push(reason),
    })
  const open = (maxBytes: number) => {
    const nowMs = () => rig.nowMs
    const rateLimit = new AgentRateLimit({ maxBytes, nowMs, random: () => 0.5 })
    const isClockWrong = (agentId: string) => agentId === 'slewed'
    receiver = new BatchReceiver({
      records: rig.records,
      rateLimit,
      maxBytes,
      nowMs,
      log: SILENT,
      isClockWrong,
    })
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'perwatt-receiver-'))
    store = createDuckdbStore({ path: join(folder, 'ledger.duckdb'), memoryLimitMb: 256, log: SILENT })
    await store.open()
    rig = await new LedgerRig(store).start()
    acks = []
    refused = []
    open(2 ** 20)
  })
  afterEach(async () => {
    await receiver.stop()
    await rig.stop()
    await store.close()
    rmSync(folder, { recursive: true })
  })

  it('tells an agent whose clock is wrong that it is, and one of which nothing is stored when its turn comes', async () => {
    receive('slewed', bytes(batch(1, [record(0)])))
    receive('a', bytes(batch(1, [record(0)])))
    await eventually(
      () => acks,
      (all) => all.length === 2,
    )
    expect(Object.fromEntries(acks.map(([agentId, { clockIsWrong }]) => [agentId, clockIsWrong]))).toEqual({
      slewed: true,
      a: undefined,
    })
    open(1)
    acks = []
    receive('new', bytes(batch(1, [record(0)])))
    expect(acks).toMatchObject([['new', { epoch: 0, seq: 0, pauseMs: expect.any(Number) }]])
  })

  it('acknowledges what the store has, with the credit and the middle of its time here', async () => {
    receive('a', bytes(batch(1, [record(0), record(1)]), 1234))
    rig.nowMs += 3000
    await eventually(
      () => acks.length,
      (n) => n === 1,
    )
    expect((await store.highWaters()).get('a')).toMatchObject({ epoch: 7, seq: 2 })
    expect(acks).toEqual([
      ['a', { v: 1, epoch: 7, seq: 2, creditRecords: 5_000, atMs: rig.nowMs - 1500, echoSentAtMs: 1234 }],
    ])
  })

  it('passes over what can’t be read, keeps a look at it, and takes the next', async () => {
    const message = { ...encodeIntervals(batch(1, [record(0), record(1)]), 5), durationMs: [60_000] }
    receive('a', new TextEncoder().encode(encode(message)))
    receive('a', new TextEncoder().encode('{"v":1'))
    receive('a', bytes(batch(3, [record(2)])))
    await eventually(
      () => acks.length,
      (n) => n === 2,
    )
    expect(refused).toEqual([expect.stringContaining('durationMs'), expect.stringContaining('not JSON')])
    expect(acks.map(([, ack]) => ack)).toMatchObject([
      { seq: 2, quarantined: expect.stringContaining('durationMs') },
      { seq: 3 },
    ])
  })

  it('a second copy of every message, in any order, changes nothing (property)', async () => {
    const records = Array.from({ length: 30 }, (_, i) =>
      record(i % 5, ['meter', 'rig1', 'node/gpu0'][i % 3], {
        startMs: T0 + (i % 5) * MINUTE_MS + i,
        durationMs: 1000,
        coveredMs: 1000,
        gpuMs: i,
        // the site meter shows what the machines of all three agents do
        ...(i % 3 === 0 && { energyMilliJ: 3 * 2 * 180_000_000 }),
      }),
    )
    const messages = ['a', 'b', 'c'].flatMap((agentId) =>
      Array.from({ length: 6 }, (_, k) => ({
        agentId,
        payload: bytes(batch(k * 5 + 1, records.slice(k * 5, k * 5 + 5))),
      })),
    )
    const deliver = async (all: typeof messages) => {
      const before = acks.length
      for (const { agentId, payload } of all) receive(agentId, payload)
      await eventually(
        () => acks.length,
        (n) => n === before + all.length,
      )
      await rig.settleAll()
    }
    const everything = async () => ({
      intervals: await store.intervals(0, 2 * T0),
      ledger: await store.ledger({
        fromMs: T0,
        toMs: T0 + 10 * MINUTE_MS,
        stepMs: MINUTE_MS,
        groupBy: 'device',
      }),
      settlements: await store.settlements(T0, T0 + 10 * MINUTE_MS),
      marks: await store.highWaters(),
      losses: await store.losses(10),
      aside: rig.aside.length,
    })
    await deliver(messages)
    const once = await everything()
    expect(once.intervals).toHaveLength(90)
    const order = fc.shuffledSubarray(messages, { minLength: messages.length })
    await fc.assert(
      fc.asyncProperty(order, fc.subarray(messages), async (again, third) => {
        await deliver([...again, ...third])
        expect(await everything()).toEqual(once)
      }),
      { numRuns: 10 },
    )
  })

  it('takes ten thousand agents at once in bounded memory: it tells each when to come, and has every record once', async () => {
    const [agents, records] = [10_000, 12]
    const maxBytes = 2 ** 18
    open(maxBytes)
    const nameOf = (i: number) => `edge-${i}`
    // they are known, as after an outage; one record each was taken before it
    await store.appendAll(
      Array.from({ length: agents }, (_, i) => ({
        agentId: nameOf(i),
        mark: { epoch: 7, seq: 1 },
        records: [],
      })),
    )
    await rig.records.start()
    const own = (i: number): Interval[] =>
      Array.from({ length: records }, (_, m) => record(m, `d${i}`, { energyMilliJ: i + m }))
    const waiting = new Map<number, number>(Array.from({ length: agents }, (_, i) => [i, rig.nowMs]))
    let [asked, answered, peakBytes] = [0, 0, 0]
    while (waiting.size > 0) {
      rig.nowMs += 100
      for (const [i, dueMs] of waiting) {
        if (dueMs > rig.nowMs) continue
        asked++
        receiver.receive(nameOf(i), bytes(batch(2, own(i), { oldestSeq: 2 })), {
          refuse: (reason) => refused.push(reason),
          reply(ack) {
            answered++
            if (ack.seq === records + 1) waiting.delete(i)
            else waiting.set(i, rig.nowMs + (ack.pauseMs ?? 0))
          },
        })
        peakBytes = Math.max(peakBytes, receiver.load.waitingBytes)
      }
      while (answered < asked) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(peakBytes).toBeLessThanOrEqual(maxBytes)
    // a refused batch is sent again when there is room: hardly any is refused twice
    expect(receiver.load.droppedMessages).toBeGreaterThan(agents / 2)
    expect(asked).toBeLessThan(4 * agents)
    const sites = await store.intervals(T0, T0 + records * MINUTE_MS)
    expect(sites).toHaveLength(agents * records)
    const kept = sites.reduce((sum, r) => sum + (r.energyMilliJ ?? 0), 0)
    expect(kept).toBe((records * (agents * (agents - 1))) / 2 + (agents * (records * (records - 1))) / 2)
    expect(refused).toEqual([])
  })
})
