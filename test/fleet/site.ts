import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { AgentConfig } from '../../agent/config/config.ts'
import { createDuckdbStore } from '../../collector/stores/duckdb/duckdb.ts'
import type { Clock } from '../../protocol/kit/clock.ts'
import { SILENT } from '../../protocol/kit/log.ts'
import { pause } from '../../protocol/kit/retry.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import { readStore, type Stored } from '../chaos/evidence.ts'
import { Program } from '../chaos/part.ts'
import { freePort } from '../mosquitto.ts'
import type { AgentClass, RunningAgent } from './agents.ts'
import { type Counted, CountingMachine, countingDriver, type WorldTime } from './machines.ts'

const SITE = 'fleet'
const SETTLE_DELAY_MS = 5_000
const STOPS = 5
const STOPS_AT_ONCE = 20
const DELIVERS_WITHIN_S = 60
const RANGE_MARGIN_MS = 10 * MINUTE_MS

export interface FleetOptions {
  /** folder of the run */
  folder: string
  /** folder of the built programs */
  dist: string
  agents: number
  machinesPerAgent: number
  pollMs: number
}

/** A collector with its own broker and store, and many agents in this process, whose machines count by the clock. */
export class FleetSite {
  readonly machines = new Map<string, CountingMachine>()
  readonly agents: { name: string; agent: RunningAgent | undefined; Class: AgentClass }[]
  readonly #o: FleetOptions
  readonly #startedMs = Date.now()
  #collector: Program | undefined
  #brokerPort = 0
  #httpPort = 0

  /** @param answersFromMs of each machine, by its index: ms of the world's time before which it does not answer */
  constructor(options: FleetOptions, time: WorldTime, Class: AgentClass, answersFromMs = (_i: number) => 0) {
    this.#o = options
    this.agents = Array.from({ length: options.agents }, (_, i) => ({
      name: `agent-${i}`,
      agent: undefined,
      Class,
    }))
    for (const [i, { name }] of this.agents.entries())
      for (let k = 0; k < options.machinesPerAgent; k++)
        this.machines.set(
          `${name}-rig${k}`,
          new CountingMachine(time, answersFromMs(i * options.machinesPerAgent + k)),
        )
  }

  get collector(): Program {
    if (!this.#collector) throw new Error('the site has no collector yet')
    return this.#collector
  }

  /** of the collector's API */
  get url(): string {
    return `http://127.0.0.1:${this.#httpPort}`
  }

  get waitingRecords(): number {
    return this.agents.reduce((sum, { agent }) => sum + (agent?.spool.state().records ?? 0), 0)
  }

  /** machines that were never read */
  get neverRead(): number {
    return [...this.machines.values()].filter((machine) => !machine.sinceFirstRead).length
  }

  /** machines that have counted since they were last read */
  get unreadMachines(): number {
    return [...this.machines.values()].filter((machine) => !machine.isRead).length
  }

  /** Writes the collector's configuration; nothing runs yet. */
  async prepare(): Promise<void> {
    const { folder, dist } = this.#o
    mkdirSync(join(folder, 'collector'), { recursive: true })
    this.#brokerPort = await freePort()
    this.#httpPort = await freePort()
    const config = {
      site: { id: SITE, simulated: true },
      dataFolder: join(folder, 'collector'),
      mqtt: { embedded: { host: '127.0.0.1', port: this.#brokerPort } },
      http: { port: this.#httpPort },
      store: { store: 'duckdb' },
      ledger: { settleDelay: `${SETTLE_DELAY_MS}ms` },
      prices: { energyUsdPerKwh: 0.05, btcUsd: 90_000, difficulty: 120e12, blockHeight: 925_000 },
      workloads: [{ name: 'mining', kind: 'mining', match: [{ poolUrl: '*' }] }],
    }
    const file = join(folder, 'collector.yaml')
    writeFileSync(file, stringify(config))
    this.#collector = new Program({
      name: 'collector',
      command: process.execPath,
      args: () => [join(dist, 'perwatt-collector.js'), 'run', '--config', file],
      logFile: join(folder, 'collector.log'),
    })
  }

  /** Starts an agent as the given version; it goes on with its spool. */
  async start(i: number, Class: AgentClass, clock?: Clock): Promise<void> {
    const entry = this.#entry(i)
    entry.Class = Class
    entry.agent = new Class({
      config: this.#agentConfig(entry.name),
      drivers: [countingDriver(this.machines)],
      log: SILENT,
      version: 'fleet',
      ...(clock && { clock }),
    })
    await entry.agent.start()
  }

  async stop(i: number): Promise<void> {
    const entry = this.#entry(i)
    await entry.agent?.stop()
    // a stop is cut off after seconds, and the program ends; here a spool that still writes would disturb the next one
    await entry.agent?.spool.close()
    entry.agent = undefined
  }

  /** Stops all agents. One that could not deliver its last records within its stop, on a busy computer, is started again for them. */
  async #stopAll(): Promise<void> {
    let running = [...this.agents.keys()]
    for (let patience = STOPS; patience > 0 && running.length > 0; patience--) {
      const left: number[] = []
      await inTurn(running, STOPS_AT_ONCE, async (i) => {
        const { agent } = this.#entry(i)
        await this.stop(i)
        if (agent && agent.spool.state().records > 0) left.push(i)
      })
      running = left
      await inTurn(running, STOPS_AT_ONCE, async (i) => {
        const entry = this.#entry(i)
        await this.start(i, entry.Class)
        for (let s = 0; s < DELIVERS_WITHIN_S && (entry.agent?.spool.state().records ?? 0) > 0; s++)
          await pause(1000)
      })
    }
    await inTurn(running, STOPS_AT_ONCE, (i) => this.stop(i))
  }

  /** Ends everything, the collector once every minute that has records is settled. @returns its store's contents */
  async end(): Promise<Stored> {
    await this.#stopAll()
    await pause(MINUTE_MS + SETTLE_DELAY_MS)
    for (let patience = 20; ; patience--) {
      await this.collector.end('SIGTERM')
      const path = join(this.#o.folder, 'collector', 'ledger.duckdb')
      const store = createDuckdbStore({ path, memoryLimitMb: 512, log: SILENT })
      await store.open()
      const stored = await readStore(store, this.#startedMs - RANGE_MARGIN_MS, Date.now() + RANGE_MARGIN_MS)
      await store.close()
      if (stored.unsettledMinutes.length === 0 || patience === 0) return stored
      await this.collector.start()
      await pause(3 * SETTLE_DELAY_MS)
    }
  }

  #entry(i: number) {
    const entry = this.agents[i]
    if (!entry) throw new Error(`there is no agent ${i}`)
    return entry
  }

  #agentConfig(agent: string): AgentConfig {
    const { folder, machinesPerAgent, pollMs } = this.#o
    return {
      site: SITE,
      agent,
      simulated: true,
      mqtt: { url: `mqtt://127.0.0.1:${this.#brokerPort}` },
      pollInterval: pollMs,
      pollIntervals: {},
      timeout: pollMs,
      shareTimeout: 10 * MINUTE_MS,
      spool: { folder: join(folder, 'spool', agent), maxBytes: 2 ** 26, maxAge: 30 * 24 * 60 * MINUTE_MS },
      log: { level: 'error' },
      devices: Array.from({ length: machinesPerAgent }, (_, k) => ({
        id: `${agent}-rig${k}`,
        driver: 'counting',
        host: addressOf(
          this.agents.findIndex(({ name }) => name === agent),
          k,
        ),
      })),
    } as AgentConfig
  }
}

/** No two machines have one address, or the second would be put aside as a claim. */
const addressOf = (agent: number, machine: number): string => `10.${agent >> 8}.${agent & 255}.${machine + 1}`

/** What of the fleet's work is not in the ledger to the unit; empty where all is. */
export function differences(stored: Stored, machines: ReadonlyMap<string, CountingMachine>): string[] {
  const booked = new Map<string, Counted>()
  for (const b of stored.byDevice) {
    const sums = booked.get(b.group) ?? { workDiff1: 0, energyMilliJ: 0 }
    booked.set(b.group, {
      workDiff1: sums.workDiff1 + b.workDiff1,
      energyMilliJ: sums.energyMilliJ + b.energyMilliJ,
    })
  }
  const problems = stored.quarantined.map((q) => `quarantined: ${q.agentId} ${q.reason}`)
  for (const [id, machine] of machines) {
    const truth = machine.sinceFirstRead
    if (!truth) problems.push(`${id} was never read`)
    for (const name of ['workDiff1', 'energyMilliJ'] as const) {
      const got = booked.get(id)?.[name] ?? 0
      if (truth && got !== truth[name]) problems.push(`${id}: ${name} ${got}, truth ${truth[name]}`)
    }
  }
  return problems
}

/** Does something for each item, at most `atOnce` at the same time. */
export async function inTurn<T>(
  items: Iterable<T>,
  atOnce: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  const worker = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await act(next.value)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
