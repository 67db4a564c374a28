import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Store } from '../../collector/plugin/store.ts'
import { createDuckdbStore } from '../../collector/stores/duckdb/duckdb.ts'
import { createInfluxStore } from '../../collector/stores/influx/influx.ts'
import { SILENT } from '../../protocol/kit/log.ts'
import { type Influxd, startInfluxd } from '../influxd.ts'
import { freePort, type Mosquitto, startMosquitto } from '../mosquitto.ts'
import { FakeClock } from './clock.ts'
import { ClosedRecords } from './closed-records.ts'
import { mountSmallDisk, type SmallDisk } from './disk.ts'
import type { Targets } from './faults.ts'
import { Link } from './link.ts'
import { type Part, Program } from './part.ts'
import { agentConfig, collectorConfig, SITE } from './settings.ts'
import { readSpoolFolder, type SpoolFolder } from './spool-folder.ts'
import { TruthLog } from './truth.ts'
import { Witness } from './witness.ts'

export const STORES = ['duckdb', 'influx'] as const
export type StoreName = (typeof STORES)[number]

export interface SiteOptions {
  seed: number
  store: StoreName
  /** folder of the run */
  folder: string
  /** folder of the built programs */
  dist: string
  /** folder of another version's; the agents begin with these, and swaps go back and forth. Absent: nothing is swapped */
  otherDist?: string
}

export const AGENTS = ['mining', 'gpu'] as const
const ASICS = 9
const DISK_MB = 4

/** A whole site of real processes, each behind its own link; each agent has its own disk and clock. */
export class ChaosSite {
  readonly parts = new Map<string, Part>()
  readonly links = new Map<string, Link>()
  readonly disks = new Map<string, SmallDisk>()
  readonly clocks = new Map<string, FakeClock>()
  readonly closed = new Map<string, ClosedRecords>(AGENTS.map((name) => [name, new ClosedRecords()]))
  readonly truth: TruthLog
  /** the agents that run as the other version */
  readonly #swapped = new Set<string>()
  readonly #aheadMilliJ = new Map<string, ReadonlyMap<string, number>>()
  readonly #o: SiteOptions
  readonly #closers: (() => unknown)[] = []
  #witness: Witness | undefined
  #influxd: Influxd | undefined
  #brokerPort = 0
  /** address of the collector's screens and API */
  screens = ''

  constructor(options: SiteOptions) {
    this.#o = options
    this.truth = new TruthLog(join(options.folder, 'truth.json'))
    if (options.otherDist !== undefined) for (const agent of AGENTS) this.#swapped.add(agent)
  }

  get witness(): Witness {
    if (!this.#witness) throw new Error('the site is not open')
    return this.#witness
  }

  /** Starts every process; the emulated world stands still. */
  async open(): Promise<void> {
    const { folder, store } = this.#o
    mkdirSync(join(folder, 'logs'), { recursive: true })
    const broker = await startMosquitto()
    this.#brokerPort = broker.port
    this.#closers.push(() => broker.stop())
    this.parts.set('broker', brokerPart(broker))
    this.#witness = new Witness(broker.url, SITE, (agent, batch) =>
      this.closed
        .get(agent)
        ?.add(batch.epoch, batch.firstSeq, batch.intervals, this.disks.get(agent)?.takes ?? true),
    )
    this.#closers.push(() => this.witness.close())
    if (store === 'influx') {
      const influxd = await startInfluxd()
      this.#influxd = influxd
      this.#closers.push(() => influxd.remove())
      this.parts.set('influx', influxPart(influxd))
    }
    await this.#openSimulator(broker.url)
    await this.#openCollector(broker.port)
    for (const agent of AGENTS) await this.#openAgent(agent, broker.port)
  }

  /** The parts that faults may strike: no disks without root, no clocks without libfaketime. */
  targets(): Targets {
    const processes = [...this.parts.keys()].filter((name) => name !== 'simulator')
    const links = [...this.links.keys()]
    return {
      kill: processes,
      restart: processes,
      swap: this.#o.otherDist === undefined ? [] : AGENTS,
      pause: [...this.parts.keys()],
      reload: [...AGENTS, 'collector'],
      cut: links,
      stall: links,
      slow: links,
      fill: [...this.disks.keys()],
      step: [...this.clocks.keys()],
    }
  }

  /** Notes the spooled records of a stopped agent. */
  async lookAtDisk(agent: string): Promise<SpoolFolder> {
    const found = await readSpoolFolder(this.spoolFolder(agent), (epoch, firstSeq, records) =>
      this.closed.get(agent)?.add(epoch, firstSeq, records, true),
    )
    this.#aheadMilliJ.set(agent, found.aheadMilliJ)
    return found
  }

  /** mJ by device that its agent, when it was last looked at, had booked before the device's counter showed them. */
  get aheadMilliJ(): Map<string, number> {
    return new Map([...this.#aheadMilliJ.values()].flatMap((byDevice) => [...byDevice]))
  }

  /** From its next start on the agent runs as the other one of two versions. */
  swap(agent: string): void {
    if (!this.#swapped.delete(agent)) this.#swapped.add(agent)
  }

  /** The store of the stopped collector, not opened yet. */
  createStore(): Store {
    return this.#influxd
      ? createInfluxStore({ url: this.#influxd.url, database: 'perwatt', log: SILENT })
      : createDuckdbStore({
          path: join(this.#o.folder, 'collector', 'ledger.duckdb'),
          memoryLimitMb: 256,
          log: SILENT,
        })
  }

  /** Starts a second program of an agent, with a spool of its own: a copy on another machine. */
  async openCopy(agent: string, spoolFolder: string): Promise<void> {
    const { folder } = this.#o
    const broker = this.#brokerPort
    const brokerUrl = `mqtt://127.0.0.1:${await this.#link(`${agent} copy`, () => broker)}`
    const config = agentConfig(folder, agent, brokerUrl, spoolFolder, `${agent}-copy`)
    await this.#program(`${agent} copy`, 'perwatt-agent.js', ['run', '--config', config]).start()
  }

  async close(): Promise<void> {
    this.truth.stop()
    for (const part of this.parts.values()) {
      // a paused process does not get SIGTERM: continue it first
      if (part.pid) process.kill(part.pid, 'SIGCONT')
      if (part instanceof Program) await part.end('SIGKILL')
    }
    for (const close of this.#closers.reverse()) await close()
    for (const link of this.links.values()) await link.close()
    for (const disk of this.disks.values()) await disk.remove()
  }

  spoolFolder(agent: string): string {
    return join(this.#o.folder, `disk-${agent}`, 'spool')
  }

  async #openSimulator(brokerUrl: string): Promise<void> {
    const { folder, seed } = this.#o
    // its own loopback addresses, so that runs can go side by side
    const base = `127.${128 + (process.pid & 127)}.${(process.pid >> 7) & 255}.1`
    const simulator = this.#program('simulator', 'perwatt-agent.js', [
      'simulate',
      ...['--seed', String(seed), '--asics', String(ASICS), '--gpu-hosts', '1', '--base', base],
      ...['--write', folder, '--mqtt-url', brokerUrl],
      ...['--truth', join(folder, 'truth.json'), '--paused'],
    ])
    await simulator.start()
    this.truth.start()
  }

  async #openCollector(brokerPort: number): Promise<void> {
    const { folder } = this.#o
    const influxUrl =
      this.#influxd && `http://127.0.0.1:${await this.#link('influx', () => portOf(this.#influxd))}`
    const brokerUrl = `mqtt://127.0.0.1:${await this.#link('collector', () => brokerPort)}`
    const httpPort = await freePort()
    this.screens = `http://127.0.0.1:${httpPort}`
    const config = collectorConfig(folder, { brokerUrl, httpPort, influxUrl })
    await this.#program('collector', 'perwatt-collector.js', ['run', '--config', config]).start()
  }

  async #openAgent(agent: string, brokerPort: number): Promise<void> {
    const { folder } = this.#o
    const disk = await mountSmallDisk(join(folder, `disk-${agent}`), DISK_MB)
    if (disk) this.disks.set(agent, disk)
    const clock = FakeClock.create(join(folder, `clock-${agent}`))
    if (clock) this.clocks.set(agent, clock)
    const brokerUrl = `mqtt://127.0.0.1:${await this.#link(agent, () => brokerPort)}`
    const config = agentConfig(folder, agent, brokerUrl, this.spoolFolder(agent))
    await this.#program(agent, 'perwatt-agent.js', ['run', '--config', config], clock?.env).start()
  }

  #program(name: string, file: string, args: string[], env: Record<string, string> = {}): Program {
    const { folder, dist, otherDist = dist } = this.#o
    const program = new Program({
      name,
      command: process.execPath,
      args: () => [join(this.#swapped.has(name) ? otherDist : dist, file), ...args],
      env,
      logFile: join(folder, 'logs', `${name}.log`),
      ...(name === 'simulator' ? { readyLine: 'ready' } : {}),
    })
    this.parts.set(name, program)
    return program
  }

  async #link(name: string, target: () => number): Promise<number> {
    const link = new Link(target)
    this.links.set(name, link)
    return link.listen()
  }
}

const portOf = (influxd: Influxd | undefined): number => Number(new URL(influxd?.url ?? '').port)

const brokerPart = (broker: Mosquitto): Part => ({
  name: 'broker',
  get pid() {
    return broker.pid
  },
  start: () => broker.restart(),
  end: (signal) => broker.kill(signal),
  accidents: [],
})

const influxPart = (influxd: Influxd): Part => ({
  name: 'influx',
  get pid() {
    return influxd.pid
  },
  start: () => influxd.start(),
  end: (signal) => influxd.stop(signal),
  accidents: [],
})
