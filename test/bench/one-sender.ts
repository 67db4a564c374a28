import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import mqtt from 'mqtt'
import { Collector } from '../../collector/composition/collector.ts'
import { CollectorConfigSchema } from '../../collector/config/config.ts'
import { parseConfig } from '../../protocol/kit/config.ts'
import { SILENT } from '../../protocol/kit/log.ts'
import { type Channel, topic } from '../../protocol/topics.ts'
import { percentile } from './programs.ts'

/**
 * What one sender does to the rest of a collector: how long its thread is busy without a break, and its CPU time and memory, beside
 * the same collector without that sender in the same run. `npm run bench:sender -- --rounds 5 --seconds 10`.
 *
 * The thread is busy for as much CPU time as it takes between two ticks of a 5 ms timer: the delay that a screen or a record waits
 * on a computer with nothing else to do. Other programs' time is not in it.
 */
const SITE = 'bench'
const AGENT = 'edge-1'
const BYTES_PER_S = 1e6
const LOOK_MS = 5
/** 268 MB, as a packet's length field */
const HUGE = [0xff, 0xff, 0xff, 0x7f]

const list = (value: unknown, count: number) => Array(count).fill(value)
const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const live = (more: object) =>
  json({ v: 1, sentAtMs: 1, ids: ['a'], observedAtMs: [1], state: ['ok'], q: {}, ...more })

/** Messages below 1 MiB, each published again and again at 1 MB/s. */
const MESSAGES: Readonly<Record<string, () => Buffer>> = {
  'long columns': () => live({ state: list(7, 120_000), q: { powerW: list('x', 180_000) } }),
  'wrong values': () =>
    live({
      ...{ ids: list(7, 500), observedAtMs: list('x', 500), state: list(1, 500) },
      q: Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`q${i}`, list('x', 500)])),
    }),
  brackets: () => Buffer.from('['.repeat(5e5) + ']'.repeat(5e5)),
  'many keys': () =>
    live({ q: Object.fromEntries(Array.from({ length: 90_000 }, (_, i) => [i.toString(36), 0])) }),
  'many shapes': () => json(Array.from({ length: 80_000 }, (_, i) => ({ [i.toString(36)]: 0 }))),
}

/** Nothing is wrong with it: each one has other machines than the one before. */
const inventory = (at: number) =>
  json({
    ...{ v: 1, atMs: at, simulated: false },
    devices: Array.from({ length: 10_000 }, (_, i) => ({
      deviceId: `rig-${at}-${i}`,
      kind: 'asic',
      driver: 'antminer',
    })),
  })

type Sender = (port: number, ms: number) => Promise<void>

const publisher =
  (payload: () => Buffer, channel: Channel = 'live'): Sender =>
  async (port, ms) => {
    const bytes = payload()
    const client = await mqtt.connectAsync({ port, clientId: `perwatt-${SITE}-${AGENT}` })
    const everyMs = (1000 * bytes.length) / BYTES_PER_S
    for (let atMs = 0; atMs < ms; atMs += everyMs) {
      client.publish(topic(SITE, AGENT, channel), bytes)
      await wait(everyMs)
    }
    await client.endAsync()
  }

const SENDERS: Readonly<Record<string, Sender>> = {
  ...Object.fromEntries(Object.entries(MESSAGES).map(([name, payload]) => [name, publisher(payload)])),
  'long records': publisher(
    () => json({ v: 1, epoch: 1, firstSeq: 1, oldestSeq: 1, sentAtMs: 1, ids: list('rig', 150_000) }),
    'intervals',
  ),
  'true inventories': async (port, ms) => {
    const client = await mqtt.connectAsync({ port, clientId: `perwatt-${SITE}-${AGENT}` })
    for (let atMs = 0; atMs < ms; atMs += 700)
      await Promise.all([client.publishAsync(topic(SITE, AGENT, 'inventory'), inventory(atMs)), wait(700)])
    await client.endAsync()
  },
  'retained topics': async (port) => {
    const client = await mqtt.connectAsync({ port, clientId: 'shelf' })
    for (let i = 0; i < 100_000; i++) {
      const sent = client.publishAsync(`shelf/${i}`, 'x'.repeat(100), { retain: true, qos: 1 })
      if (i % 100 === 0) await sent
    }
    await client.endAsync()
  },
  'a sleeping session': async (port) => {
    const sleeper = await mqtt.connectAsync({ port, clientId: 'sleeper', clean: false })
    await sleeper.subscribeAsync('bulk', { qos: 1 })
    await sleeper.endAsync(true)
    const client = await mqtt.connectAsync({ port, clientId: 'loud' })
    for (let i = 0; i < 2_500; i++) await client.publishAsync('bulk', Buffer.alloc(100_000), { qos: 1 })
    await client.endAsync()
  },
  'huge CONNECTs': async (port, ms) => {
    const piece = Buffer.alloc(2 ** 20)
    for (let atMs = 0; atMs < ms; atMs += 200) {
      const socket = connectSocket({ port })
      socket.on('error', () => undefined)
      socket.write(Buffer.from([0x10, ...HUGE]))
      for (let i = 0; i < 50; i++) socket.write(piece)
      await wait(200)
      socket.destroy()
    }
  },
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '10' },
    /** one of them alone */
    only: { type: 'string' },
    sender: { type: 'string' },
    port: { type: 'string' },
  },
})
const MS = 1000 * Number(values.seconds)
const IDLE = 'nobody'

interface Seen {
  /** how long what comes at any moment waits for the thread, in 99 of 100 moments */
  waitP99Ms: number
  busyMostMs: number
  cpuRatio: number
  rssMiB: number
}

/** CPU time of this thread by the kernel, ms. */
const threadMs = () => Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ', 1)[0]) / 1e6

/** Of what comes in each ms of a stretch: until its end where the thread is busy, not at all in the rest of the tick. */
const waits = (busyMs: number): number[] => [
  ...Array.from({ length: Math.floor(busyMs) }, (_, ms) => busyMs - ms),
  ...Array<number>(Math.max(0, LOOK_MS - Math.floor(busyMs))).fill(0),
]

async function watched(work: Promise<unknown>): Promise<Seen> {
  const busy: number[] = []
  const began = { atMs: performance.now(), cpu: process.cpuUsage() }
  let before = threadMs()
  const timer = setInterval(() => {
    const now = threadMs()
    busy.push(now - before)
    before = now
  }, LOOK_MS)
  await work
  clearInterval(timer)
  const { user, system } = process.cpuUsage(began.cpu)
  return {
    waitP99Ms: percentile(busy.flatMap(waits), 0.99),
    busyMostMs: percentile(busy, 1),
    cpuRatio: (user + system) / 1000 / (performance.now() - began.atMs),
    rssMiB: process.memoryUsage.rss() / 2 ** 20,
  }
}

/** In a program of its own: its CPU time is none of the collector's. */
const sending = (name: string, port: number): Promise<unknown> =>
  new Promise((resolve) => {
    const args = [fileURLToPath(import.meta.url), '--sender', name, '--port', `${port}`]
    spawn(process.execPath, [...args, '--seconds', values.seconds], { stdio: 'inherit' }).on('exit', resolve)
  })

async function measure(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-bench-sender-'))
  const config = parseConfig(
    CollectorConfigSchema,
    JSON.stringify({
      site: { id: SITE },
      dataFolder: folder,
      http: { port: 1 },
      mqtt: { embedded: { port: 2 } },
    }),
    'bench',
  )
  // 0: the system chooses a port, which a configuration file may not ask for
  config.http.port = 0
  if (config.mqtt.embedded) config.mqtt.embedded.port = 0
  const collector = new Collector({ config, assets: {}, log: SILENT, version: 'bench' })
  try {
    const { brokerUrl } = await collector.start()
    const port = Number(new URL(brokerUrl).port)
    const all = new Map<string, Seen[]>()
    for (let round = 0; round < Number(values.rounds); round++)
      for (const name of [
        IDLE,
        ...Object.keys(SENDERS).filter((one) => !values.only || one === values.only),
      ]) {
        const seen = await watched(name === IDLE ? wait(MS) : sending(name, port))
        all.set(name, [...(all.get(name) ?? []), seen])
      }
    for (const [name, seen] of all) {
      const of = (part: keyof Seen) =>
        percentile(
          seen.map((one) => one[part]),
          0.5,
        )
      const added =
        of('waitP99Ms') -
        percentile(
          (all.get(IDLE) ?? []).map(({ waitP99Ms }) => waitP99Ms),
          0.5,
        )
      process.stdout.write(
        `${name.padEnd(20)} wait p99 ${of('waitP99Ms').toFixed(1)} ms (added ${added.toFixed(1)}), most ${of('busyMostMs').toFixed(0)} ms, CPU ${(100 * of('cpuRatio')).toFixed(1)} % of a core, RSS ${of('rssMiB').toFixed(0)} MiB\n`,
      )
    }
  } finally {
    await collector.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

if (values.sender === undefined) await measure()
else await SENDERS[values.sender]?.(Number(values.port), MS)
