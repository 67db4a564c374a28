import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { connectAsync } from 'mqtt'
import type { IntervalMessage } from '../../protocol/interval.ts'
import type { LiveMessage } from '../../protocol/sample.ts'
import { agentTopics, parseTopic, topic } from '../../protocol/topics.ts'
import { type Mosquitto, startMosquitto } from '../mosquitto.ts'
import { bundlePrograms, canPin, type Program, percentile, startProgram } from './programs.ts'
import { addressOf, familyOf } from './rig.ts'

/**
 * One agent polls 1,000 machines every 10 s on one core, beside the bare cost of the same sockets and bytes; then with 100 of
 * them hung: they accept and never answer. `npm run bench:poll -- --seconds 60`
 */
const { values } = parseArgs({
  options: {
    machines: { type: 'string', default: '1000' },
    hung: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '60' },
    // folder for a CPU profile of the agent, for a look at what it spends
    profile: { type: 'string' },
  },
})
const machines = Number(values.machines)
const seconds = Number(values.seconds)
const INTERVAL_MS = 10_000
/** Every machine was read twice: all is known of it that is asked once. */
const WARM_UP_S = 22
const AGENT_CORE = 0
const MACHINES_CORE = 1
const PREFIX = '127.60'
const SITE = 'bench'

const id = (i: number) => `rig-${String(i).padStart(4, '0')}`

interface Figures {
  cpuRatio: number
  rssMiB: number
  connectionsPerS: number
  kbPerS: number
}

interface Freshness {
  /** of each healthy machine’s reading when its live message was sent */
  agesMs: number[]
  /** readings there that were older than two intervals, or none at all */
  stale: number
}

const { folder, remove } = await bundlePrograms()
const running: Program[] = []
const start: typeof startProgram = async (...args) => {
  const program = await startProgram(...args)
  running.push(program)
  return program
}

/** What a process costs while the machines serve it. */
async function measure(program: Program, emulated: Program): Promise<Figures> {
  await sleep(WARM_UP_S * 1000)
  const served = () => JSON.parse(emulated.lines.at(-1) ?? '') as { connections: number; bytes: number }
  const before = { atMs: performance.now(), cpuS: program.cpuS(), ...served() }
  await sleep(seconds * 1000)
  const after = served()
  const tookS = (performance.now() - before.atMs) / 1000
  return {
    cpuRatio: (program.cpuS() - before.cpuS) / tookS,
    rssMiB: program.rssBytes() / 2 ** 20,
    connectionsPerS: (after.connections - before.connections) / tookS,
    kbPerS: (after.bytes - before.bytes) / 1000 / tookS,
  }
}

async function agentRun(hung: number, broker: Mosquitto): Promise<Figures & Freshness> {
  const emulated = await start(folder, 'machines', {
    args: ['--prefix', PREFIX, '--count', String(machines), '--hung', String(hung)],
    core: MACHINES_CORE,
    ready: 'ready',
  })
  const home = mkdtempSync(join(tmpdir(), 'perwatt-bench-agent-'))
  const file = join(home, 'agent.yaml')
  const devices = Array.from({ length: machines }, (_, i) => ({
    id: id(i),
    driver: familyOf(i).driver,
    host: addressOf(PREFIX, i),
  }))
  const agentName = `agent-${hung}`
  const config = {
    site: SITE,
    agent: agentName,
    simulated: true,
    mqtt: { url: broker.url },
    spool: { folder: join(home, 'spool') },
    log: { level: 'error' },
    devices,
  }
  writeFileSync(file, JSON.stringify(config))
  const { freshness, stop: stopListening } = await listen(
    broker.url,
    agentName,
    new Set(devices.slice(hung).map((d) => d.id)),
  )
  const profile = values.profile ? ['--cpu-prof', '--cpu-prof-dir', values.profile] : []
  const agent = await start(folder, 'agent', {
    args: ['run', '--config', file],
    core: AGENT_CORE,
    nodeArgs: profile,
  })
  try {
    const figures = await measure(agent, emulated)
    return { ...figures, ...freshness() }
  } finally {
    await stopListening()
    await agent.stop()
    await emulated.stop()
    rmSync(home, { recursive: true, force: true })
  }
}

/** A collector's part: acknowledges what comes, and notes how old the readings of these machines are. */
async function listen(url: string, agent: string, ids: ReadonlySet<string>) {
  const client = await connectAsync(url, { clientId: `bench-${agent}` })
  const agesMs: number[] = []
  let stale = 0
  const beginMs = Date.now() + WARM_UP_S * 1000
  client.on('message', (name, payload) => {
    const { channel } = parseTopic(name) ?? {}
    if (channel === 'intervals') {
      const m = JSON.parse(payload.toString()) as IntervalMessage
      const seq = m.firstSeq + m.ids.length - 1
      const ack = { v: 1, epoch: m.epoch, seq, creditRecords: 100_000, atMs: Date.now() }
      client.publish(topic(SITE, agent, 'ack'), JSON.stringify(ack), { qos: 1 })
    }
    if (channel !== 'live') return
    const m = JSON.parse(payload.toString()) as LiveMessage
    if (m.sentAtMs < beginMs) return
    for (const [k, deviceId] of m.ids.entries()) {
      if (!ids.has(deviceId)) continue
      const ageMs = m.sentAtMs - (m.observedAtMs[k] ?? 0)
      if (m.state[k] === 'unreachable' || ageMs > 2 * INTERVAL_MS) stale++
      agesMs.push(ageMs)
    }
  })
  await client.subscribeAsync(agentTopics(SITE), { qos: 1 })
  return {
    freshness: (): Freshness => ({ agesMs, stale }),
    stop: () => client.endAsync(true),
  }
}

async function bareRun(): Promise<Figures> {
  const emulated = await start(folder, 'machines', {
    args: ['--prefix', PREFIX, '--count', String(machines)],
    core: MACHINES_CORE,
    ready: 'ready',
  })
  const bare = await start(folder, 'bare', {
    args: ['--prefix', PREFIX, '--count', String(machines), '--intervalMs', String(INTERVAL_MS)],
    core: AGENT_CORE,
    ready: 'ready',
  })
  try {
    return await measure(bare, emulated)
  } finally {
    await bare.stop()
    await emulated.stop()
  }
}

const print = (text: string) => process.stdout.write(`${text}\n`)
const figures = (name: string, f: Figures) =>
  print(
    `${name.padEnd(28)} CPU ${(100 * f.cpuRatio).toFixed(1)} % of a core, RSS ${f.rssMiB.toFixed(0)} MiB, ${f.connectionsPerS.toFixed(0)} connections/s, ${f.kbPerS.toFixed(0)} kB/s`,
  )
const seconds1 = (ms: number) => `${(ms / 1000).toFixed(2)} s`
const freshness = (f: Freshness) =>
  print(
    `${''.padEnd(28)} age of a healthy machine's reading: p50 ${seconds1(percentile(f.agesMs, 0.5))}, p99 ${seconds1(percentile(f.agesMs, 0.99))}, max ${seconds1(percentile(f.agesMs, 1))}; ${f.stale} of ${f.agesMs.length} stale or missing`,
  )

const broker = await startMosquitto()
try {
  print(
    `${machines} machines every ${INTERVAL_MS / 1000} s, ${seconds} s each${canPin ? `; agent on core ${AGENT_CORE}, machines on core ${MACHINES_CORE}` : '; no taskset here: nothing is pinned'}`,
  )
  const bare = await bareRun()
  figures('bare sockets and bytes', bare)
  const agent = await agentRun(0, broker)
  figures('agent', agent)
  freshness(agent)
  print(
    `${'agent / bare'.padEnd(28)} CPU ${(agent.cpuRatio / bare.cpuRatio).toFixed(2)}, RSS ${(agent.rssMiB / bare.rssMiB).toFixed(2)}, connections ${(agent.connectionsPerS / bare.connectionsPerS).toFixed(3)}, bytes ${(agent.kbPerS / bare.kbPerS).toFixed(3)}`,
  )
  const withHung = await agentRun(Number(values.hung), broker)
  figures(`agent, ${values.hung} machines hung`, withHung)
  freshness(withHung)
} finally {
  for (const program of running) await program.stop()
  await broker.stop()
  remove()
}
