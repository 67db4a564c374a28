import { join } from 'node:path'
import mqtt, { type MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Agent } from '../../../agent/composition/agent.ts'
import { agentConfigSchema } from '../../../agent/config/config.ts'
import { type Driver, defineDriver } from '../../../agent/plugin/driver.ts'
import { decode, encode } from '../../../protocol/codec.ts'
import {
  decodeIntervals,
  type Interval,
  IntervalMessageSchema,
  intervalKey,
} from '../../../protocol/interval.ts'
import { parseConfig } from '../../../protocol/kit/config.ts'
import { createLog } from '../../../protocol/kit/log.ts'
import { UNKNOWN_POOL } from '../../../protocol/owner.ts'
import { decodeLive, LiveMessageSchema, type Sample } from '../../../protocol/sample.ts'
import {
  type AckMessage,
  InventoryMessageSchema,
  type StatusMessage,
  StatusMessageSchema,
} from '../../../protocol/status.ts'
import { parseTopic, topic } from '../../../protocol/topics.ts'
import { HASHES_PER_DIFF1 } from '../../../protocol/units.ts'
import { eventually } from '../../eventually.ts'
import { freePort, type Mosquitto, startMosquitto } from '../../mosquitto.ts'
import { openSpool, remove, tempFolder } from '../uplink/spool/fixtures.ts'

/** A meter whose counter grows by 1 kJ at each reading, so that a test can add up what the agent must have counted. */
const meter = () => {
  const read = { joules: 0 }
  const driver = defineDriver({
    name: 'kilojoule',
    summary: 'for this test',
    kind: 'meter',
    needsHost: false,
    requests: [],
    settings: z.object({}),
    open: () => ({
      read: async () => {
        read.joules += 1000
        return [
          {
            identity: { kind: 'meter' as const },
            sample: { state: 'ok' as const },
            counters: { energyJ: read.joules },
          },
        ]
      },
    }),
  })
  return { read, driver }
}

/** A miner whose count of accepted shares does not grow. */
const unpaidMiner = defineDriver({
  name: 'miner',
  summary: 'for this test',
  kind: 'asic',
  needsHost: false,
  requests: [],
  settings: z.object({}),
  open: () => ({
    read: async () => [
      {
        identity: { kind: 'asic' as const },
        sample: { state: 'hashing' as const, hashrateHs: 100e12 },
        shares: { accepted: 7, difficulty: 1 },
      },
    ],
  }),
})

/** A meter that tells its parts' names only when it is read. */
const twoMeters = defineDriver({
  ...unpaidMiner,
  kind: 'meter',
  open: () => ({
    read: async () =>
      ['inlet', 'outlet1'].map((part) => ({
        part,
        identity: { kind: 'meter' as const },
        sample: { state: 'ok' as const, powerW: 100 },
      })),
  }),
})

/** What a miner tells whose pools can't be read. */
const UNTOLD = { holders: [{ owner: UNKNOWN_POOL, share: 1 }] }

let folder: string
let lines: string[]
let agents: Agent[]
let source: ReturnType<typeof meter>
beforeEach(() => {
  folder = tempFolder()
  lines = []
  agents = []
  source = meter()
})
afterEach(async () => {
  await Promise.all(agents.map((a) => a.stop()))
  remove(folder)
})

function create(
  url: string,
  more: { previous?: Agent; maxAge?: string; driver?: Driver; shareTimeout?: string; poll?: string } = {},
): Agent {
  const driver = more.driver ?? source.driver
  const config = parseConfig(
    agentConfigSchema([driver]),
    JSON.stringify({
      site: 'plains',
      agent: 'a',
      mqtt: { url },
      pollInterval: more.poll ?? '1s',
      shareTimeout: more.shareTimeout ?? '10m',
      spool: { folder: join(folder, 'spool'), maxAge: more.maxAge ?? '7d' },
      devices: [{ id: 'meter', driver: driver.name }],
    }),
    'test',
  )
  const agent = new Agent({
    config,
    drivers: [driver],
    version: 'test',
    log: createLog({ write: (line) => lines.push(line) }),
    ...(more.previous ? { spool: more.previous.spool } : {}),
  })
  agents.push(agent)
  return agent
}
const energyJ = (records: Iterable<Interval>) =>
  [...records].reduce((sum, r) => sum + (r.energyMilliJ ?? 0), 0) / 1000
const readings = (n: number) => {
  const from = source.read.joules / 1000
  return eventually(
    () => source.read.joules / 1000 - from,
    (seen) => seen >= n,
  )
}

describe('an agent without a broker', () => {
  it('stops, and the next one goes on with its records and its counters', async () => {
    const url = `mqtt://127.0.0.1:${await freePort()}`
    const first = create(url)
    await first.start()
    await readings(3)
    await first.stop()
    const kept = first.spool.state()
    expect(kept).toMatchObject({ disk: 'ok', lost: 0 })
    expect(kept.records).toBeGreaterThan(0)
    const second = create(url)
    await second.start()
    expect(second.spool.state().records).toBe(kept.records)
    await readings(2)
    // as SIGHUP does, with other settings
    await second.stop()
    const third = create(url, { previous: second, maxAge: '2d' })
    await third.start()
    await readings(2)
    await third.stop()
    const spool = await openSpool(join(folder, 'spool'))
    // no collector has confirmed the clock
    expect(await spool.read(1, 500)).toBeUndefined()
    await spool.giveRightTimes(() => 0)
    const records = (await spool.read(1, 500))?.intervals ?? []
    await spool.close()
    expect(new Set(records.map(intervalKey)).size).toBe(records.length)
    // counting starts at the first reading
    expect(energyJ(records)).toBe(source.read.joules - 1000)
  })

  it('hands a session what the one before has learnt, over a stop and over a reload', async () => {
    const url = `mqtt://127.0.0.1:${await freePort()}`
    const handed: unknown[] = []
    const learner = defineDriver({
      ...source.driver,
      open(target) {
        handed.push(target.remembered)
        return { ...source.driver.open(target), remembers: () => ({ session: handed.length }) }
      },
    })
    const first = create(url, { driver: learner })
    await first.start()
    await readings(1)
    await first.stop()
    const second = create(url, { driver: learner })
    await second.start()
    await readings(1)
    await second.stop()
    const third = create(url, { driver: learner, previous: second, maxAge: '2d' })
    await third.start()
    await readings(1)
    expect(handed).toEqual([undefined, { session: 1 }, { session: 2 }])
  })

  it('books the estimated work of a miner once over stops and reloads, to the pool that has its time', async () => {
    const HS = 200e12
    const url = `mqtt://127.0.0.1:${await freePort()}`
    const owner = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'site.rig1' }
    let polls = 0
    let sessions = 0
    const uncounted = defineDriver({
      ...unpaidMiner,
      open() {
        // each later session can't read the pools at its first poll
        let isKnown = sessions++ === 0
        return {
          read: async () => {
            polls++
            const told = isKnown ? { holders: [{ owner, share: 1 }], paidRatio: 0.5 } : UNTOLD
            isKnown = true
            const sample = { state: 'hashing' as const, hashrateHs: HS, ...told }
            return [{ identity: { kind: 'asic' as const }, sample, uncountedWork: true as const }]
          },
        }
      },
    })
    const polled = (n: number) => {
      const from = polls
      return eventually(
        () => polls - from,
        (seen) => seen >= n,
      )
    }
    let agent = create(url, { driver: uncounted })
    await agent.start()
    await polled(3)
    await agent.stop()
    agent = create(url, { driver: uncounted })
    await agent.start()
    await polled(3)
    await agent.stop()
    agent = create(url, { driver: uncounted, previous: agent, maxAge: '2d' })
    await agent.start()
    await polled(2)
    await agent.stop()
    const spool = await openSpool(join(folder, 'spool'), { nowMs: Date.now })
    await spool.giveRightTimes(() => 0)
    const records = (await spool.read(1, 500))?.intervals ?? []
    await spool.close()
    expect(new Set(records.map((r) => r.owner['poolUrl']))).toEqual(new Set([owner.poolUrl]))
    const sorted = records.toSorted((a, b) => a.startMs - b.startMs)
    for (const [i, { startMs }] of sorted.entries()) {
      const { startMs: before = 0, durationMs = 0 } = sorted[i - 1] ?? {}
      expect(startMs).toBeGreaterThanOrEqual(before + durationMs)
    }
    const total = (of: (r: Interval) => number | undefined) =>
      records.reduce((sum, r) => sum + (of(r) ?? 0), 0)
    const coveredS = total((r) => r.coveredMs) / 1000
    expect(coveredS).toBeGreaterThan(4)
    expect(total((r) => r.estimatedWorkDiff1) / ((0.5 * HS * coveredS) / HASHES_PER_DIFF1)).toBeCloseTo(1, 2)
  })

  it('stops before it has begun', async () => {
    const agent = create(`mqtt://127.0.0.1:${await freePort()}`)
    void agent.start()
    await agent.stop()
    expect(lines.map((l) => JSON.parse(l).event)).toContain('agent stopped')
  })
})

describe('an agent and a collector on Mosquitto', () => {
  const AHEAD_MS = 90_000
  let aheadMs: number
  let broker: Mosquitto
  let collector: MqttClient
  let taken: Map<string, Interval>
  let statuses: StatusMessage[]
  let samples: Sample[]
  /** what came, in its order */
  let order: string[]
  let answers: boolean
  beforeEach(async () => {
    broker = await startMosquitto()
    taken = new Map()
    statuses = []
    samples = []
    order = []
    answers = true
    aheadMs = AHEAD_MS
    collector = await mqtt.connectAsync(broker.url)
    collector.on('message', (name, payload) => {
      const channel = parseTopic(name)?.channel
      const status = decode(StatusMessageSchema, payload)
      if (channel === 'status' && status.ok) statuses.push(status.value)
      const live = decode(LiveMessageSchema, payload)
      if (channel === 'live') order.push('live')
      const inventory = decode(InventoryMessageSchema, payload)
      if (channel === 'inventory' && inventory.ok)
        order.push(`inventory of ${inventory.value.devices.map((d) => d.deviceId).join(' ')}`)
      if (channel === 'live' && live.ok) samples.push(...decodeLive(live.value))
      const message = decode(IntervalMessageSchema, payload)
      if (channel !== 'intervals' || !message.ok || !answers) return
      const { epoch, firstSeq, intervals } = decodeIntervals(message.value)
      for (const r of intervals) taken.set(intervalKey(r), r)
      const ack: AckMessage = {
        v: 1,
        epoch,
        seq: firstSeq + intervals.length - 1,
        creditRecords: 1000,
        atMs: Date.now() + aheadMs,
        echoSentAtMs: message.value.sentAtMs,
      }
      collector.publish(topic('plains', 'a', 'ack'), encode(ack), { qos: 1 })
    })
    await collector.subscribeAsync('perwatt/1/plains/a/#', { qos: 1 })
  })
  afterEach(async () => {
    await collector.endAsync(true)
    await broker.stop()
  })

  it('delivers at its stop what the running minute holds, and tells how far its clock is off as soon as it knows', async () => {
    const first = create(broker.url)
    await first.start()
    await readings(3)
    await first.stop()
    expect(first.spool.state().records).toBe(0)
    expect(energyJ(taken.values())).toBe(source.read.joules - 1000)
    // published at once, or with the last status where the agent stops at that moment
    const told = await eventually(
      () => statuses.findLast((s) => s.clockOffsetMs !== undefined)?.clockOffsetMs,
      (offset) => offset !== undefined,
    )
    expect(Math.round((told ?? 0) / 10_000)).toBe(AHEAD_MS / 10_000)
  })

  it('tells the first reading at once, once, and the devices that it reads before', async () => {
    const agent = create(broker.url, { driver: twoMeters, poll: '60s' })
    await agent.start()
    const seen = await eventually(
      () => samples,
      (all) => all.length >= 2,
    )
    expect(seen.map(({ deviceId }) => deviceId).toSorted()).toEqual(['meter/inlet', 'meter/outlet1'])
    await agent.stop()
    // a reading is told once, however long ago the next one is
    expect(samples).toHaveLength(2)
    const before = order.slice(0, order.indexOf('live'))
    expect(before).toContain('inventory of meter/inlet meter/outlet1')
  })

  it('shows a miner as faulty whose pool accepts nothing', async () => {
    await create(broker.url, { driver: unpaidMiner, shareTimeout: '5s' }).start()
    const faulty = await eventually(
      () => samples.find((s) => s.state === 'faulty'),
      (sample) => sample !== undefined,
    )
    expect(faulty?.faults).toEqual([expect.stringContaining('shows 100 TH/s but no share was accepted')])
    expect(samples).toContainEqual(expect.objectContaining({ state: 'hashing', hashrateHs: 100e12 }))
  })

  it('holds its records while the collector’s clock says another hour, and tells both', async () => {
    aheadMs = 3_600_000
    const agent = create(broker.url)
    await agent.start()
    await readings(3)
    await agent.stop()
    expect(taken.size).toBe(0)
    expect(statuses.at(-1)?.spool?.held).toBeGreaterThan(0)
    expect(Math.round((statuses.at(-1)?.clockOffsetMs ?? 0) / 10_000)).toBe(360)
    expect(lines.map((l) => JSON.parse(l).event)).toContainEqual(expect.stringContaining('don’t agree'))
  })

  it('keeps what is not acknowledged, and delivers it once somebody listens', async () => {
    answers = false
    const first = create(broker.url)
    await first.start()
    await readings(3)
    await first.stop()
    expect(first.spool.state().records).toBeGreaterThan(0)
    answers = true
    const second = create(broker.url)
    await second.start()
    await eventually(
      () => second.spool.state().records,
      (waiting) => waiting === 0,
    )
    expect(statuses.at(-1)?.spool).toMatchObject({ disk: 'ok', lost: 0 })
  })
})
