import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Delivery } from '../../../agent/uplink/delivery.ts'
import { Spool } from '../../../agent/uplink/spool/spool.ts'
import type { Interval, IntervalMessage } from '../../../protocol/interval.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { LATEST_EPOCH } from '../../../protocol/spool-life.ts'
import type { AckMessage } from '../../../protocol/status.ts'

const DAY_MS = 86_400_000
const records = (n: number): Interval[] =>
  Array.from({ length: n }, (_, i) => ({
    deviceId: `d${i}`,
    owner: {},
    startMs: i * 60_000,
    durationMs: 60_000,
    coveredMs: 60_000,
  }))
const ack = (seq: number, more: Partial<AckMessage> = {}): AckMessage => ({
  v: 1,
  epoch: 1,
  seq,
  creditRecords: 1000,
  atMs: 0,
  ...more,
})

describe('delivery', () => {
  let folder: string
  let spool: Spool
  let sent: IntervalMessage[]
  let steadyMs: number
  let delivery: Delivery
  let holds: boolean
  const seqs = () => sent.map((m) => [m.firstSeq, m.firstSeq + m.ids.length - 1])
  const hold = async (n: number) => {
    spool.append(records(n))
    await spool.commit()
  }
  const answered = (message: AckMessage) => {
    delivery.acknowledged(message)
    return delivery.pump()
  }
  /** a new life is sent under only when it is on disk */
  const newLife = async () => {
    await spool.commit()
    await delivery.pump()
  }
  const connect = () => {
    delivery.connected(true)
    return delivery.pump()
  }
  const create = (random = 0) =>
    new Delivery({
      spool,
      send: (m) => sent.push(m) > 0,
      clock: { now: () => ({ wallMs: steadyMs, steadyMs }) },
      log: SILENT,
      holds: () => holds,
      random: () => random,
    })

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'perwatt-delivery-'))
    spool = new Spool({ folder, maxBytes: 2 ** 24, maxAgeMs: 7 * DAY_MS, nowMs: () => 1, log: SILENT })
    await spool.open()
    sent = []
    steadyMs = 0
    holds = false
    delivery = create()
  })
  afterEach(async () => {
    await spool.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('sends nothing while there is no connection, and everything in order once there is', async () => {
    await hold(700)
    await delivery.pump()
    expect(sent).toEqual([])
    await connect()
    await answered(ack(500))
    await answered(ack(700))
    expect(seqs()).toEqual([
      [1, 500],
      [501, 700],
    ])
    expect(spool.state().records).toBe(0)
  })

  it('sends nothing while the clocks don’t agree, and everything once they do', async () => {
    await hold(3)
    holds = true
    await connect()
    expect(sent).toEqual([])
    holds = false
    await delivery.pump()
    expect(seqs()).toEqual([[1, 3]])
  })

  it('sends what was written under a clock that is known, and not what follows under another', async () => {
    await hold(3)
    spool.append(records(2), 7)
    await spool.commit()
    await connect()
    expect(seqs()).toEqual([[1, 3]])
    await spool.giveRightTimes((stretch) => (stretch === 7 ? 90_000 : undefined))
    await delivery.pump()
    expect(sent.slice(1).map(({ firstSeq, startMs }) => [firstSeq, startMs])).toEqual([
      [4, [90_000, 150_000, 120_000, 180_000]],
    ])
  })

  it('keeps records that are not acknowledged, however often the broker confirmed them', async () => {
    await hold(3)
    await connect()
    await delivery.pump()
    expect(sent).toHaveLength(1)
    expect(spool.state().records).toBe(3)
  })

  it('sends again after a while without an answer, and waits longer once the smallest message was tried', async () => {
    await hold(3)
    await connect()
    const resentAt: number[] = []
    for (steadyMs = 0; steadyMs <= 200_000; steadyMs += 1000) {
      const before = sent.length
      await delivery.pump()
      if (sent.length > before) resentAt.push(steadyMs / 1000)
    }
    expect(resentAt).toEqual([11, 22, 33, 44, 65, 106, 167])
  })

  it('sends from the acknowledged record again after the connection was lost', async () => {
    await hold(5)
    await connect()
    await answered(ack(2))
    delivery.connected(false)
    await connect()
    expect(seqs().at(-1)).toEqual([3, 5])
  })

  it('goes back where the collector asks, and only then', async () => {
    await hold(10)
    await connect()
    await answered(ack(4))
    await answered(ack(4))
    expect(sent).toHaveLength(1)
    await answered(ack(4, { resend: true }))
    expect(seqs().at(-1)).toEqual([5, 10])
  })

  it('keeps no more under way than the collector takes', async () => {
    await hold(1000)
    await connect()
    await answered(ack(100, { creditRecords: 50 }))
    sent = []
    await answered(ack(500, { creditRecords: 50 }))
    await answered(ack(510, { creditRecords: 50 }))
    expect(seqs()).toEqual([
      [501, 550],
      [551, 560],
    ])
  })

  it('waits for its turn after a new connection, and as long as the collector asks', async () => {
    await hold(10)
    delivery = create(0.5)
    await connect()
    expect(sent).toEqual([])
    steadyMs = 1500
    await delivery.pump()
    expect(seqs()).toEqual([[1, 10]])
    await answered(ack(10, { pauseMs: 400 }))
    await hold(1)
    steadyMs += 449
    await delivery.pump()
    expect(sent).toHaveLength(1)
    steadyMs += 1
    await delivery.pump()
    expect(seqs().at(-1)).toEqual([11, 11])
  })

  it('waits five minutes at most, whatever pause it is sent', async () => {
    await hold(2)
    await connect()
    await answered(ack(2, { pauseMs: Number.MAX_SAFE_INTEGER }))
    await hold(1)
    steadyMs += 299_999
    await delivery.pump()
    expect(sent).toHaveLength(1)
    steadyMs += 1
    await delivery.pump()
    expect(seqs().at(-1)).toEqual([3, 3])
  })

  it('does not wait for its turn when the agent stops', async () => {
    await hold(10)
    delivery = create(0.5)
    delivery.connected(true)
    await delivery.hurry()
    expect(sent).toHaveLength(1)
  })

  it('sends what the connection did not take when it takes again', async () => {
    await hold(2)
    let takes = false
    delivery = new Delivery({
      spool,
      send: (m) => takes && sent.push(m) > 0,
      clock: { now: () => ({ wallMs: 0, steadyMs }) },
      log: SILENT,
      random: () => 0,
    })
    await connect()
    takes = true
    await delivery.pump()
    expect(seqs()).toEqual([[1, 2]])
  })

  it('takes a later epoch where the collector knows one of this agent', async () => {
    await hold(4)
    await connect()
    await answered(ack(9, { epoch: 5 }))
    await newLife()
    expect(sent.at(-1)).toMatchObject({ epoch: 6, firstSeq: 1, oldestSeq: 1 })
  })

  it('takes a later epoch where the collector has more than this spool ever wrote: it is an older copy', async () => {
    await hold(4)
    await connect()
    await answered(ack(9))
    await newLife()
    expect(sent.at(-1)).toMatchObject({ epoch: 2, firstSeq: 1, oldestSeq: 1 })
    expect(sent.at(-1)?.after).toEqual([{ epoch: 1, life: sent[0]?.life, seq: 0 }])
    expect(spool.state().records).toBe(4)
  })

  it('doubts its numbers where the collector has more under them than was sent, though it has closed as many', async () => {
    await hold(700)
    await connect()
    await answered(ack(500, { creditRecords: 100 }))
    await answered(ack(650, { life: spool.life }))
    await newLife()
    // records 501 to 600 were sent, and ignored as copies of others: only the acknowledged ones are certain
    expect(sent.at(-1)).toMatchObject({ epoch: 2, oldestSeq: 501, after: [{ epoch: 1, seq: 500 }] })
    expect(spool.state().records).toBe(200)
  })

  it('takes an epoch below the latest that the collector takes, and never one that can’t be', async () => {
    await hold(4)
    await connect()
    await answered(ack(0, { epoch: Number.MAX_SAFE_INTEGER }))
    await newLife()
    expect(spool.epoch).toBe(1)
    await answered(ack(7, { epoch: LATEST_EPOCH - 1 }))
    await newLife()
    expect(spool.epoch).toBe(LATEST_EPOCH)
    await answered(ack(2, { epoch: 3, latestEpoch: 1000 }))
    await newLife()
    expect(spool.epoch).toBe(4)
    expect(sent.at(-1)).toMatchObject({ epoch: 4, firstSeq: 1 })
  })

  it('is not misled by an acknowledgement for another spool of the same epoch', async () => {
    await hold(4)
    await connect()
    await answered(ack(4, { life: '00000000ffffffff' }))
    await newLife()
    expect(spool.state().records).toBe(4)
    expect(spool.epoch).toBe(2)
  })

  it('names its ancestors until the collector’s mark is in its own life', async () => {
    await hold(4)
    await spool.close()
    spool = new Spool({ folder, maxBytes: 2 ** 24, maxAgeMs: 7 * DAY_MS, nowMs: () => 1, log: SILENT })
    await spool.open()
    delivery = create()
    await connect()
    expect(sent.at(-1)?.after).toMatchObject([{ epoch: 1, seq: 4 }])
    await answered(ack(2, { epoch: 2, life: spool.life }))
    await hold(1)
    await delivery.pump()
    expect(sent.at(-1)).toMatchObject({ firstSeq: 5 })
    expect(sent.at(-1)?.after).toBeUndefined()
  })

  it('takes what the collector has from the life before as its own, also what it has not sent again', async () => {
    await hold(700)
    await spool.close()
    spool = new Spool({ folder, maxBytes: 2 ** 24, maxAgeMs: 7 * DAY_MS, nowMs: () => 1, log: SILENT })
    await spool.open()
    delivery = create()
    await connect()
    const { life } = spool
    await answered(ack(0, { epoch: 2, life }))
    expect(sent.at(-1)?.after).toMatchObject([{ epoch: 1, seq: 700 }])
    await answered(ack(650, { epoch: 2, life }))
    expect(spool.life).toBe(life)
    expect(spool.state().records).toBe(50)
  })

  it('names its ancestors still after an answer that acknowledges nothing, as to a question for the time', async () => {
    await hold(4)
    await spool.close()
    spool = new Spool({ folder, maxBytes: 2 ** 24, maxAgeMs: 7 * DAY_MS, nowMs: () => 1, log: SILENT })
    await spool.open()
    delivery = create()
    await connect()
    await answered(ack(0, { epoch: 2, life: spool.life }))
    await hold(1)
    await delivery.pump()
    expect(sent.at(-1)).toMatchObject({ firstSeq: 5, after: [{ epoch: 1, seq: 4 }] })
  })

  it('begins a new life where the wall clock leaps ahead, as after a virtual machine was put back', async () => {
    let leapMs = 0
    const clock = { now: () => ({ wallMs: steadyMs + leapMs, steadyMs }) }
    delivery = new Delivery({ spool, send: (m) => sent.push(m) > 0, clock, log: SILENT, random: () => 0 })
    await hold(2)
    await connect()
    leapMs = 3_600_000
    await delivery.pump()
    await newLife()
    expect(sent.at(-1)).toMatchObject({ epoch: 2, firstSeq: 1, after: [{ epoch: 1, seq: 0 }] })
  })

  it('delivers a long backlog in order and once, while acknowledgements are lost, late and repeated', async () => {
    for (let i = 0; i < 60; i++) await hold(500)
    const took: string[] = []
    let mark = 0
    delivery = new Delivery({
      spool,
      send: (m) => sent.push(m) > 0,
      clock: { now: () => ({ wallMs: steadyMs, steadyMs }) },
      log: SILENT,
      random: () => 0,
    })
    await connect()
    for (let n = 0; mark < 30_000 && n < 2000; n++) {
      const message = sent.shift()
      if (message && message.firstSeq <= mark + 1) {
        took.push(...message.ids.slice(mark + 1 - message.firstSeq))
        mark = Math.max(mark, message.firstSeq + message.ids.length - 1)
      }
      steadyMs += message ? 10 : 20_000
      if (n % 7 === 3) await delivery.pump()
      else await answered(ack(mark, { creditRecords: 2000, ...(n % 11 === 5 ? { resend: true } : {}) }))
      if (n % 50 === 49) {
        delivery.connected(false)
        sent = []
        await connect()
      }
    }
    const once = Array.from({ length: 60 }, () => records(500).map((r) => r.deviceId)).flat()
    expect(took).toEqual(once)
    expect(spool.state().records).toBe(0)
  })

  it('waits longer each time before it sends a record again that the collector does not take yet, and nothing behind it', async () => {
    await hold(1_200)
    await connect()
    const first = sent.length
    const sentInMinute: number[] = []
    for (let minute = 0; minute < 3; minute++) {
      const before = sent.length
      for (let s = 0; s < 60; s++) {
        steadyMs += 1_000
        // each message is answered: the first record is held, and what comes behind it does not follow
        for (const { firstSeq, sentAtMs } of sent.slice(-2))
          delivery.acknowledged(
            ack(0, {
              epoch: spool.epoch,
              echoSentAtMs: sentAtMs,
              ...(firstSeq === 1 ? { held: 'from the future' } : { resend: true }),
            }),
          )
        await delivery.pump()
      }
      sentInMinute.push(sent.length - before)
    }
    expect(first).toBe(1)
    expect(Math.max(...sentInMinute)).toBeLessThanOrEqual(8)
    expect(sentInMinute[2]).toBeLessThanOrEqual(2)
    expect(delivery.status).toMatchObject({ held: 'from the future' })
    expect(delivery.status?.notStored).toBeUndefined()
    steadyMs += 61_000
    await answered(ack(500, { epoch: spool.epoch }))
    expect(seqs().at(-1)).toEqual([1_001, 1_200])
    expect(delivery.status).toBeUndefined()
  })
})
