import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Store } from '../../collector/plugin/store.ts'
import { createDuckdbStore } from '../../collector/stores/duckdb/duckdb.ts'
import { createInfluxStore } from '../../collector/stores/influx/influx.ts'
import { SILENT } from '../../protocol/kit/log.ts'
import { type Influxd, startInfluxd } from '../influxd.ts'
import { freePort, startMosquitto } from '../mosquitto.ts'
import { AlertsSeen } from './alerts-seen.ts'
import { FakeClock } from './clock.ts'
import { ClosedRecords, type Overwritten } from './closed-records.ts'
import { mountSmallDisk, type SmallDisk } from './disk.ts'
import { HOSTILE_NAME, Hostile } from './hostile.ts'
import { Link } from './link.ts'
import { Pace } from './pace.ts'
import { type Part, Program } from './part.ts'
import { brokerPart, influxPart, portOf } from './servers.ts'
import { agentConfig, collectorConfig, POLL_MS, SITE } from './settings.ts'
import { readSpoolFolder, type SpoolFolder } from './spool-folder.ts'
import { type MachineReset, TruthLog } from './truth.ts'
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
  /** how many times as fast time passes for the programs; default 1. Another speed has no clocks that step */
  speed?: number
  /** by the programs' clocks; default `POLL_MS` */
  pollMs?: number
  asics?: number
  /** more environment of every program of perwatt, by its name */
  env?: (name: string) => Record<string, string>
}

export const AGENTS = ['mining', 'gpu'] as const
const ASICS = 9
const DISK_MB = 4
/** below 128 MB of free space the store takes no more */
const COLLECTOR_DISK_MB = 200

/** A whole site of real processes, each behind its own link; each program has its own disk and clock. */
export class ChaosSite {
  readonly parts = new Map<string, Part>()
  readonly links = new Map<string, Link>()
  readonly disks = new Map<string, SmallDisk>()
  readonly clocks = new Map<string, FakeClock>()
  readonly closed = new Map<string, ClosedRecords>(AGENTS.map((name) => [name, new ClosedRecords()]))
  readonly truth: TruthLog
  readonly pace: Pace
  readonly alerts = new AlertsSeen(() => this.screens)
  /** agents whose spool was put back or copied, or of which two ran */
  readonly copied = new Set<string>()
  readonly overwritten: Overwritten[] = []
  readonly resets: MachineReset[] = []
  /** whether stored records were taken from the database */
  emptied = false
  /** how many copies of programs and folders were made */
  copies = 0
  influxd: Influxd | undefined
  /** address of the collector's screens and API */
  screens = ''
  /** path of the collector's configuration */
  collectorConfig = ''
  /** the agents that run as the other version */
  readonly #swapped = new Set<string>()
  readonly #aheadMilliJ = new Map<string, ReadonlyMap<string, number>>()
  readonly #o: SiteOptions
  readonly #closers: (() => unknown)[] = []
  #witness: Witness | undefined
  #hostile: Hostile | undefined
  #brokerPort = 0

  constructor(options: SiteOptions) {
    this.#o = options
    this.pace = new Pace(options.speed)
    this.truth = new TruthLog(join(options.folder, 'truth.json'))
    if (options.otherDist !== undefined) for (const agent of AGENTS) this.#swapped.add(agent)
  }

  get folder(): string {
    return this.#o.folder
  }

  get dist(): string {
    return this.#o.dist
  }

  get dataFolder(): string {
    return join(this.#o.folder, 'collector')
  }

  /** Time between two polls by the programs' clocks, ms. */
  get pollMs(): number {
    return this.#o.pollMs ?? POLL_MS
  }

  get witness(): Witness {
    if (!this.#witness) throw new Error('the site is not open')
    return this.#witness
  }

  get hostile(): Hostile {
    if (!this.#hostile) throw new Error('the site is not open')
    return this.#hostile
  }

  /** Starts every process; the emulated world stands still. */
  async open(): Promise<void> {
    const { folder, store } = this.#o
    mkdirSync(join(folder, 'logs'), { recursive: true })
    const broker = await startMosquitto()
    this.#brokerPort = broker.port
    this.#closers.push(() => broker.stop())
    this.parts.set('broker', brokerPart(broker))
    const hostile = new Hostile(broker.url, SITE, AGENTS)
    this.#hostile = hostile
    this.#closers.push(() => hostile.close())
    this.#witness = new Witness(
      broker.url,
      SITE,
      (agent, batch) =>
        this.closed
          .get(agent)
          ?.add(batch.epoch, batch.firstSeq, batch.intervals, this.disks.get(agent)?.takes ?? true),
      (payload, agent) => agent === HOSTILE_NAME || hostile.sent(payload),
    )
    this.#closers.push(() => this.witness.close())
    if (store === 'influx') {
      const influxd = await startInfluxd()
      this.influxd = influxd
      this.#closers.push(() => influxd.remove())
      this.parts.set('influx', influxPart(influxd))
    }
    await this.#openSimulator(broker.url)
    await this.#openCollector()
    this.alerts.start()
    for (const agent of AGENTS) await this.#openAgent(agent)
  }

  /** Notes the spooled records of a stopped agent. */
  async lookAtDisk(agent: string): Promise<SpoolFolder> {
    const { history = [] } = this.clocks.get(agent) ?? {}
    // where time passes faster, each start of a program is a small step
    const stepped = this.pace.speed !== 1 || history.some(({ offsetMs }) => offsetMs !== 0)
    const found = await readSpoolFolder(this.spoolFolder(agent), stepped, (epoch, firstSeq, records) =>
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

  /** The store of the stopped collector with this data folder, not opened yet. */
  createStore(folder = this.dataFolder): Store {
    return this.influxd
      ? createInfluxStore({ url: this.influxd.url, database: 'perwatt', log: SILENT })
      : createDuckdbStore({ path: join(folder, 'ledger.duckdb'), memoryLimitMb: 256, log: SILENT })
  }

  /** Starts a second program of an agent, with a spool of its own: a copy on another machine. */
  async openCopy(agent: string, spoolFolder: string, name = `${agent} copy`): Promise<void> {
    const brokerUrl = await this.#brokerUrl(name)
    const file = agentConfig(this.#o.folder, agent, brokerUrl, spoolFolder, name, this.pollMs)
    await this.#program(name, 'perwatt-agent.js', ['run', '--config', file]).start()
  }

  /** Starts a second collector for the same site, with a data folder of its own, and for the same InfluxDB where that is the store. */
  async openSecondCollector(name: string): Promise<void> {
    const { file } = await this.#collectorConfig(name)
    await this.#program(name, 'perwatt-collector.js', ['run', '--config', file]).start()
  }

  async close(): Promise<void> {
    this.truth.stop()
    this.alerts.stop()
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
    const { folder, seed, asics = ASICS } = this.#o
    // its own loopback addresses, so that runs can go side by side
    const base = `127.${128 + (process.pid & 127)}.${(process.pid >> 7) & 255}.1`
    const simulator = this.#program('simulator', 'perwatt-agent.js', [
      'simulate',
      ...['--seed', String(seed), '--asics', String(asics), '--gpu-hosts', '1', '--base', base],
      ...['--write', folder, '--mqtt-url', brokerUrl],
      ...['--truth', join(folder, 'truth.json'), '--paused'],
    ])
    await simulator.start()
    this.truth.start()
  }

  async #openCollector(): Promise<void> {
    const disk = await mountSmallDisk(this.dataFolder, COLLECTOR_DISK_MB)
    if (disk) this.disks.set('collector', disk)
    const { file, httpPort } = await this.#collectorConfig('collector')
    this.screens = `http://127.0.0.1:${httpPort}`
    this.collectorConfig = file
    await this.#program('collector', 'perwatt-collector.js', ['run', '--config', file]).start()
  }

  async #collectorConfig(name: string): Promise<{ file: string; httpPort: number }> {
    const { influxd } = this
    const influxName = name === 'collector' ? 'influx' : `${name} influx`
    const influxUrl = influxd && `http://127.0.0.1:${await this.#link(influxName, () => portOf(influxd))}`
    const brokerUrl = await this.#brokerUrl(name)
    const httpPort = await freePort()
    const file = collectorConfig(this.#o.folder, { brokerUrl, httpPort, influxUrl, name })
    return { file, httpPort }
  }

  async #openAgent(agent: string): Promise<void> {
    const { folder } = this.#o
    const disk = await mountSmallDisk(join(folder, `disk-${agent}`), DISK_MB)
    if (disk) this.disks.set(agent, disk)
    const brokerUrl = await this.#brokerUrl(agent)
    const config = agentConfig(folder, agent, brokerUrl, this.spoolFolder(agent), agent, this.pollMs)
    await this.#program(agent, 'perwatt-agent.js', ['run', '--config', config]).start()
  }

  #program(name: string, file: string, args: string[]): Program {
    const { folder, dist, otherDist = dist, env } = this.#o
    const clock = name === 'simulator' || this.pace.speed !== 1 ? undefined : this.#clock(name)
    const program = new Program({
      name,
      command: process.execPath,
      args: () => [join(this.#swapped.has(name) ? otherDist : dist, file), ...args],
      env: () => environmentOf(clock?.env, this.pace.env(), env?.(name)),
      logFile: join(folder, 'logs', `${name}.log`),
      ...(name === 'simulator' ? { readyLine: 'ready' } : {}),
    })
    this.parts.set(name, program)
    return program
  }

  /** The clock of an agent or the collector; those of second programs are right. */
  #clock(name: string): FakeClock | undefined {
    if (name !== 'collector' && !AGENTS.some((agent) => agent === name)) return undefined
    const clock = FakeClock.create(join(this.#o.folder, `clock-${name}`))
    if (clock) this.clocks.set(name, clock)
    return clock
  }

  async #brokerUrl(name: string): Promise<string> {
    return `mqtt://127.0.0.1:${await this.#link(name, () => this.#brokerPort)}`
  }

  async #link(name: string, target: () => number): Promise<number> {
    const link = new Link(target)
    this.links.set(name, link)
    return link.listen()
  }
}

/** Environments as one. Options of Node in several of them hold together. */
function environmentOf(...all: (Record<string, string> | undefined)[]): Record<string, string> {
  const options = all.flatMap((env) => env?.['NODE_OPTIONS'] ?? []).join(' ')
  return Object.assign({}, ...all, options === '' ? {} : { NODE_OPTIONS: options })
}
