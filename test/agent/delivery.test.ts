import { beforeEach, describe, expect, it } from 'vitest'
import { Delivery } from '../../agent/delivery.ts'
import { MemorySpool } from '../../agent/spool.ts'
import type { Interval, IntervalMessage } from '../../protocol/interval.ts'
import { SILENT } from '../../protocol/kit/log.ts'
import type { AckMessage } from '../../protocol/status.ts'

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
  let spool: MemorySpool
  let sent: IntervalMessage[]
  let nowMs: number
  let delivery: Delivery
  const seqs = () => sent.map((m) => [m.firstSeq, m.firstSeq + m.ids.length - 1])

  beforeEach(() => {
    spool = new MemorySpool({ epoch: 1, maxRecords: 10_000 })
    sent = []
    nowMs = 0
    delivery = new Delivery({ spool, send: (m) => sent.push(m), nowMs: () => nowMs, log: SILENT })
  })

  it('sends nothing while there is no connection, and everything in order once there is', () => {
    spool.append(records(700))
    delivery.pump()
    expect(sent).toEqual([])
    delivery.connected(true)
    delivery.acknowledged(ack(500))
    delivery.acknowledged(ack(700))
    expect(seqs()).toEqual([
      [1, 500],
      [501, 700],
    ])
    expect(spool.state().records).toBe(0)
  })

  it('keeps what is not acknowledged, however often the broker said that it had it', () => {
    spool.append(records(3))
    delivery.connected(true)
    delivery.pump()
    expect(sent).toHaveLength(1)
    expect(spool.state().records).toBe(3)
  })

  it('sends again after a while without an answer, and waits longer each time', () => {
    spool.append(records(3))
    delivery.connected(true)
    const resentAt: number[] = []
    for (nowMs = 0; nowMs <= 200_000; nowMs += 1000) {
      const before = sent.length
      delivery.pump()
      if (sent.length > before) resentAt.push(nowMs / 1000)
    }
    expect(resentAt).toEqual([11, 32, 73, 134, 195])
  })

  it('sends from the acknowledged record again after the connection was lost', () => {
    spool.append(records(5))
    delivery.connected(true)
    delivery.acknowledged(ack(2))
    delivery.connected(false)
    delivery.connected(true)
    expect(seqs().at(-1)).toEqual([3, 5])
  })

  it('goes back where the collector asks, and only then', () => {
    spool.append(records(10))
    delivery.connected(true)
    delivery.acknowledged(ack(4))
    delivery.acknowledged(ack(4))
    expect(sent).toHaveLength(1)
    delivery.acknowledged(ack(4, { resend: true }))
    expect(seqs().at(-1)).toEqual([5, 10])
  })

  it('keeps no more under way than the collector takes', () => {
    spool.append(records(1000))
    delivery.connected(true)
    delivery.acknowledged(ack(100, { creditRecords: 50 }))
    sent = []
    delivery.acknowledged(ack(500, { creditRecords: 50 }))
    expect(seqs()).toEqual([[501, 550]])
  })

  it('numbers its spool anew where the collector knows a later epoch of it', () => {
    spool.append(records(4))
    delivery.connected(true)
    delivery.acknowledged(ack(9, { epoch: 5 }))
    expect(sent.at(-1)).toMatchObject({ epoch: 6, firstSeq: 1, oldestSeq: 1 })
  })

  it('says what it dropped when the spool was full', () => {
    const small = new MemorySpool({ epoch: 1, maxRecords: 3 })
    expect(small.append(records(5))).toBe(2)
    expect(small.state()).toMatchObject({ records: 3, lost: 2 })
    expect(small.read(1, 10)).toMatchObject({ firstSeq: 3, oldestSeq: 3 })
  })

  it('trims a long spool without losing its place', () => {
    spool.append(records(5000))
    for (let seq = 7; seq <= 5000; seq += 7) {
      spool.trim(seq)
      expect(spool.read(seq + 1, 1)?.intervals[0]?.deviceId).toBe(seq < 5000 ? `d${seq}` : undefined)
    }
    expect(spool.nextSeq).toBe(5001)
  })
})
