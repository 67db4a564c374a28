import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Delivery } from '../../../agent/uplink/delivery.ts'
import { InventorySender } from '../../../agent/uplink/inventory-sender.ts'
import { MessageSize } from '../../../agent/uplink/message-size.ts'
import { Spool } from '../../../agent/uplink/spool/spool.ts'
import { InventoryParts } from '../../../collector/ingest/inventory-parts.ts'
import { encode } from '../../../protocol/codec.ts'
import type { IntervalMessage } from '../../../protocol/interval.ts'
import { createLog } from '../../../protocol/kit/log.ts'
import type { AckMessage, InventoryMessage } from '../../../protocol/status.ts'

const bytesOf = (message: unknown) => Buffer.byteLength(encode(message))

/** A broker with a limit of message size, before a collector that acknowledges what arrives. It drops without a word, as Mosquitto does. */
class LimitedBroker {
  limitBytes = Number.POSITIVE_INFINITY
  /** false: the broker passes no message on, or nobody is behind it */
  passes = true
  mark = 0
  sizes: number[] = []
  took: string[] = []
  answers: AckMessage[] = []
  /** how long the collector takes for its answer, in its turn */
  slowMs: () => number = () => 0
  #dueMs: number[] = []

  /** The connection ended: nobody hears them any more. */
  forget(): void {
    this.answers = []
    this.#dueMs = []
  }

  /** The answers that are ready by now. */
  ready(nowMs: number): AckMessage[] {
    const due = this.#dueMs.filter((ms) => ms <= nowMs).length
    this.#dueMs = this.#dueMs.slice(due)
    return this.answers.splice(0, due)
  }

  send(message: IntervalMessage): boolean {
    this.sizes.push(bytesOf(message))
    if (!this.passes || bytesOf(message) > this.limitBytes) return true
    this.#dueMs.push(Math.max(message.sentAtMs, this.#dueMs.at(-1) ?? 0) + this.slowMs())
    const base = { v: 1 as const, epoch: message.epoch, creditRecords: 5_000, atMs: 0 }
    const ours = { ...base, echoSentAtMs: message.sentAtMs }
    if (message.firstSeq > this.mark + 1) this.answers.push({ ...ours, seq: this.mark, resend: true })
    else {
      this.took.push(...message.ids.slice(this.mark + 1 - message.firstSeq))
      this.mark = Math.max(this.mark, message.firstSeq + message.ids.length - 1)
      this.answers.push({ ...ours, seq: this.mark })
    }
    return true
  }
}

let folder: string
let spool: Spool
let steadyMs: number
let lines: string[]
let broker: LimitedBroker
let size: MessageSize
let delivery: Delivery
const clock = { now: () => ({ wallMs: steadyMs, steadyMs }) }

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'perwatt-size-'))
  lines = []
  const log = createLog({ write: (line) => lines.push(line) })
  spool = new Spool({ folder, maxBytes: 2 ** 24, maxAgeMs: 7 * 86_400_000, nowMs: () => 1, log })
  await spool.open()
  steadyMs = 0
  broker = new LimitedBroker()
  size = new MessageSize(log)
  delivery = new Delivery({ spool, send: (m) => broker.send(m), clock, log, random: () => 0, size })
  delivery.connected(true)
})
afterEach(async () => {
  await spool.close()
  rmSync(folder, { recursive: true, force: true })
})

async function hold(n: number, from = 0): Promise<string[]> {
  const ids = Array.from({ length: n }, (_, i) => `d${from + i}`)
  spool.append(
    ids.map((deviceId) => ({ deviceId, owner: {}, startMs: 60_000, durationMs: 60_000, coveredMs: 60_000 })),
  )
  await spool.commit()
  return ids
}

/** Lets this much time pass; answers come within a tenth of a second. */
async function pass(seconds: number): Promise<void> {
  for (let tenth = 0; tenth < seconds * 10; tenth++) {
    steadyMs += 100
    for (const ack of broker.ready(steadyMs)) delivery.acknowledged(ack)
    await delivery.pump()
  }
}

/** What was said in this time of a limit of size. */
async function limitsSaid(minutes: number): Promise<unknown[]> {
  const said: unknown[] = []
  for (let n = 0; n < minutes; n++) {
    // a record of another length each minute: a small agent sends one at a time
    await hold(1 + (n % 2), 10 ** (1 + (n % 7)))
    await pass(60)
    if (delivery.status?.limit) said.push(delivery.status.limit)
  }
  return said
}

describe('batches behind a broker that drops large messages', () => {
  it.each([1_000, 2_000, 4_096, 10_000])(
    'all arrive within two minutes, in order and once, below %i bytes',
    async (limit) => {
      broker.limitBytes = limit
      const ids = [...(await hold(700)), ...(await hold(600, 700))]
      await pass(120)
      expect(broker.took).toEqual(ids)
      expect(spool.state().records).toBe(0)
      const { limit: found } = delivery.status ?? {}
      expect(found?.arrivedBytes).toBeLessThanOrEqual(limit)
      expect(found?.lostBytes).toBeGreaterThan(limit)
      expect(lines.join()).toContain('message_size_limit')
    },
  )

  it('are large again some time after the limit is gone', async () => {
    broker.limitBytes = 4_096
    await hold(500)
    await pass(120)
    broker.limitBytes = Number.POSITIVE_INFINITY
    for (let minute = 0; minute < 12; minute++) {
      await hold(500)
      await pass(60)
    }
    expect(delivery.status).toBeUndefined()
    broker.sizes = []
    await hold(500)
    await pass(1)
    expect(broker.sizes).toHaveLength(1)
    expect(spool.state().records).toBe(0)
  })

  it('stay as they are where only the collector was away', async () => {
    broker.passes = false
    await hold(1_000)
    await pass(400)
    broker.passes = true
    await pass(100)
    expect(spool.state().records).toBe(0)
    expect(delivery.status).toBeUndefined()
    broker.sizes = []
    await hold(500)
    await pass(1)
    expect(broker.sizes).toHaveLength(1)
  })

  it.each([11, 15, 25, 40])('are not taken for too large where each answer takes %i s', async (slowS) => {
    broker.slowMs = () => slowS * 1000
    expect(await limitsSaid(40)).toEqual([])
    expect(delivery.status).toMatchObject({ lateS: expect.any(Number) })
    expect(lines.filter((line) => line.includes('acknowledges late'))).toHaveLength(1)
    broker.slowMs = () => 0
    await pass(600)
    await hold(1)
    await pass(60)
    expect(spool.state().records).toBe(0)
    expect(delivery.status).toBeUndefined()
    expect(lines.join()).not.toContain('message_size_limit')
  })

  it('are not taken for too large where a collector is slow at times, with a backlog', async () => {
    // one answer of three takes up to a minute
    let answer = 0
    broker.slowMs = () => (answer++ % 3 === 0 ? ((answer * 7_919) % 60) * 1000 : 100)
    await hold(700)
    expect(await limitsSaid(60)).toEqual([])
    expect(lines.join()).not.toContain('message_size_limit')
  })

  it('arrive below the limit of a broker before a slow collector, and the limit is found', async () => {
    broker.limitBytes = 1_500
    broker.slowMs = () => 12_000
    const ids: string[] = []
    for (let minute = 0; minute < 20; minute++) {
      ids.push(...(await hold(100, ids.length)))
      await pass(60)
    }
    await pass(600)
    expect(broker.took).toEqual(ids)
    expect(delivery.status?.limit?.arrivedBytes).toBeLessThanOrEqual(1_500)
    expect(delivery.status?.limit?.lostBytes).toBeGreaterThan(1_500)
  })

  it('are tried one at a time, down to one record, while nothing arrives, and the agent says so', async () => {
    broker.passes = false
    await hold(1_000)
    await pass(90)
    const one = Math.min(...broker.sizes)
    expect(broker.sizes.at(-1)).toBe(one)
    expect(broker.sizes.length).toBeLessThan(10)
    expect(delivery.status).toMatchObject({ triedBytes: one })
    expect(delivery.status?.unansweredS).toBeGreaterThanOrEqual(60)
    expect(lines.filter((line) => line.includes('does not acknowledge records'))).toHaveLength(1)
  })

  it('are not made smaller where the collector answers that it can’t store them', async () => {
    const refusing: AckMessage[] = []
    delivery.connected(false)
    delivery = new Delivery({
      spool,
      send: (m) => {
        broker.sizes.push(bytesOf(m))
        return (
          refusing.push({
            v: 1,
            epoch: 0,
            seq: 0,
            creditRecords: 5_000,
            atMs: 0,
            echoSentAtMs: m.sentAtMs,
            notStored: 'disk full',
          }) > 0
        )
      },
      clock,
      log: createLog({ write: (line) => lines.push(line) }),
      random: () => 0,
      size,
    })
    delivery.connected(true)
    await hold(500)
    for (let s = 0; s < 90; s++) {
      steadyMs += 1000
      await delivery.pump()
      for (const ack of refusing.splice(0)) delivery.acknowledged(ack)
    }
    // all of one size, but for the digits of their time
    expect(Math.max(...broker.sizes) - Math.min(...broker.sizes)).toBeLessThan(10)
    expect(broker.sizes.length).toBeGreaterThan(3)
    expect(delivery.status).toMatchObject({ notStored: 'disk full' })
    expect(lines.join()).toContain('disk full')
    expect(spool.state().records).toBe(500)
  })

  it('shrink where the broker closes the connection at each large message', async () => {
    const ids = await hold(500)
    for (let n = 0; n < 30 && spool.state().records > 0; n++) {
      broker.limitBytes = 4_096
      const before = broker.sizes.length
      await pass(1)
      if (broker.sizes.slice(before).some((bytes) => bytes > 4_096)) {
        broker.forget()
        delivery.connected(false)
        steadyMs += 1_000
        delivery.connected(true)
      }
    }
    expect(broker.took).toEqual(ids)
  })
})

describe('the inventory', () => {
  const devices = Array.from({ length: 300 }, (_, i) => ({
    deviceId: `miner-${i}`,
    kind: 'asic' as const,
    driver: 'antminer',
    model: 'Antminer S21 (200 TH)',
    location: { container: 'C1', rack: `R${i % 20}`, slot: `${i}` },
  }))
  let published: { message: InventoryMessage; retain: boolean }[]
  let parts: InventoryParts
  let whole: InventoryMessage | undefined
  let sender: InventorySender
  /** a collector behind the broker: of this version, or one that names no inventory */
  let knowsParts = true
  let limitBytes = 4_096

  beforeEach(() => {
    published = []
    parts = new InventoryParts()
    whole = undefined
    knowsParts = true
    limitBytes = 4_096
    sender = new InventorySender({
      publish: (message, { retain }) => published.push({ message, retain }) > 0,
      size,
      clock,
    })
  })

  const answer = () =>
    sender.answered(knowsParts ? { inventory: parts.answer('edge'), echoSentAtMs: steadyMs } : {})
  function minute(): void {
    for (let s = 0; s < 60; s++) {
      steadyMs += 1000
      for (const { message, retain } of published.splice(0))
        if (bytesOf(message) <= limitBytes) {
          whole = parts.take('edge', message, retain) ?? whole
          if (knowsParts) answer()
        }
      if (s % 5 === 0) answer()
      sender.beat()
    }
  }

  it('comes in parts where the broker drops it as one message', () => {
    answer()
    sender.send(devices, false)
    minute()
    minute()
    expect(whole?.devices).toEqual(devices)
    expect(size.found?.lostBytes ?? size.maxBytes(steadyMs)).toBeGreaterThan(0)
    // nothing is sent again once all is there
    minute()
    expect(published).toEqual([])
  })

  it('is one retained message where that arrives', () => {
    limitBytes = 1 << 20
    answer()
    sender.send(devices, false)
    expect(published).toMatchObject([{ retain: true, message: { devices } }])
    expect(published[0]?.message.part).toBeUndefined()
    minute()
    expect(whole?.devices).toEqual(devices)
  })

  it('is one message, sent once, to a collector that does not know parts', () => {
    knowsParts = false
    sender.send(devices, false)
    expect(published).toMatchObject([{ retain: true, message: { devices } }])
    minute()
    expect(published).toEqual([])
  })

  it('is not replaced by an older one that the broker kept', () => {
    const message = (atMs: number, some: typeof devices): InventoryMessage => ({
      v: 1,
      atMs,
      simulated: false,
      devices: some,
    })
    expect(parts.take('edge', message(20, devices), false)?.devices).toHaveLength(300)
    expect(parts.take('edge', message(10, devices.slice(0, 1)), true)).toBeUndefined()
    // the clock of an agent may be set back
    expect(parts.take('edge', message(10, devices.slice(0, 1)), false)?.devices).toHaveLength(1)
  })
})
