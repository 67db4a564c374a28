import { pause } from '../../protocol/kit/retry.ts'
import { AsicServer } from './asic/asic-server.ts'
import type { AsicEvent } from './asic/events.ts'
import { AsicFleet } from './asic/fleet.ts'
import { AsicMachine } from './asic/machine.ts'
import { createJsonServer } from './base/json-server.ts'
import type { Listener } from './base/listener.ts'
import { createMetricsServer } from './base/metrics-server.ts'
import { createRandom } from './base/random.ts'
import { FeederMeter } from './feeders.ts'
import { AMD_PAGES } from './gpu/amd-text.ts'
import { DCGM_PAGES } from './gpu/dcgm-pages.ts'
import { graceFiles } from './gpu/grace-text.ts'
import { GpuHost, isAmd } from './gpu/host.ts'
import { INTEL_PAGES } from './gpu/intel-text.ts'
import { JobScheduler } from './gpu/jobs.ts'
import { LlmServer } from './gpu/llm.ts'
import { DEFAULT_LLM_PAGE, llmPage } from './gpu/llm-pages.ts'
import { nvidiaSmiLog, nvidiaSmiMigLog } from './gpu/nvidia-smi-text.ts'
import { GPUS_PER_HOST, LLM_GPUS, layoutSite, type SiteLayout, type SiteOptions } from './layout.ts'
import { bmcResource } from './power/bmc.ts'
import { IPMI_PAGES } from './power/ipmitool-text.ts'
import { Overhead, SiteMeter, totalW } from './power/meter.ts'
import { EM24_E1, RAW_SCALE } from './power/meter-faces.ts'
import { Pdu } from './power/pdu.ts'
import { generator, type Source, solar } from './power/sources.ts'

const STEP_S = 1
/** If this computer was suspended for longer, the emulated site skips that time instead of catching up. */
const MAX_LAG_S = 60

/** What really happened since the simulation began, independent of what the machines report. */
export interface SiteTruth {
  elapsedS: number
  /** by deviceId; a GPU is `gpu-01/gpu3` */
  energyJ: Record<string, number>
  /** difficulty-1 shares that each pool accepted, by its URL */
  workDiff1: Record<string, number>
  tokensIn: number
  tokensOut: number
  /** loads that no machine reports: power supplies and fans of GPU hosts, cooling */
  overheadEnergyJ: number
  /** what the site used: the sum of all of the above; it came through the site's meter, or from own generation */
  siteEnergyJ: number
  /** by deviceId: what the device's own counters have counted, in whole units of an interval record */
  counted: Record<string, Counted>
  /** by deviceId of each PDU inlet and outlet, and of each meter of miners: energy through it, which is included above, and its counter */
  through: Record<string, { energyJ: number; countedMilliJ: number }>
  /** ASICs that rebooted or don't answer now: what they counted after their last poll is lost to every reader */
  forgetful: string[]
}

type Counted = Partial<Record<'energyMilliJ' | 'workDiff1' | 'tokensIn' | 'tokensOut', number>>

/** An emulated site: machines that speak their real protocols on loopback, in a world that advances second by second. */
export class Site {
  readonly layout: SiteLayout
  readonly machines: readonly AsicMachine[]
  readonly gpuHosts: readonly GpuHost[]
  readonly meter: SiteMeter
  readonly pdus: readonly Pdu[]
  /** own generation, in the order of the layout */
  readonly sources: readonly { source: Source; meter: SiteMeter }[]
  /** what feeds the miners, in the order of the layout */
  readonly feeders: readonly FeederMeter[]
  /** the latest misfortunes of miners, newest last */
  readonly events: AsicEvent[] = []
  /** true: time stands still, while the machines go on answering with their last figures */
  paused = false
  readonly #now: () => number
  readonly #onError: (error: Error) => void
  readonly #fleet: AsicFleet
  readonly #jobs: JobScheduler
  readonly #llm: LlmServer | undefined
  readonly #overhead: Overhead
  readonly #asicServers: readonly AsicServer[]
  readonly #metricsServers: readonly Listener[]
  readonly #bmcs: readonly (Listener | undefined)[]
  readonly #llmListener: Listener | undefined
  readonly #startS: number
  #elapsedS = 0
  #skippedS = 0
  #overheadEnergyJ = 0
  #open = false

  /** @param now Unix ms @param onError called where a rebooted machine can't listen on its address again */
  constructor(
    options: SiteOptions,
    now: () => number = Date.now,
    onError: (error: Error) => void = () => {},
  ) {
    this.layout = layoutSite(options)
    this.#now = now
    this.#onError = onError
    this.#startS = now() / 1000
    const { layout } = this
    const { ports } = layout
    const random = createRandom(options.seed)
    const pace = options.timeScale ?? 1

    this.machines = layout.asics.map((p) => new AsicMachine(p.id, p.model, p.mac, p.pools, random.fork(p.id)))
    this.#fleet = new AsicFleet(this.machines, random.fork('asics'), pace)
    this.#asicServers = this.machines.map(
      (m, i) => new AsicServer(m, layout.asics[i]?.host ?? '', ports, () => now() / 1000),
    )

    this.gpuHosts = layout.gpuHosts.map((p) => new GpuHost(p.id, p.model, GPUS_PER_HOST, random.fork(p.id)))
    if (layout.llm) {
      const llm = new LlmServer(layout.llm.model, this.#startS, random.fork('llm'))
      for (const gpu of this.gpuHosts[0]?.gpus.slice(-LLM_GPUS) ?? []) gpu.job = llm.job
      this.#llm = llm
      this.#llmListener = createMetricsServer('simulated LLM server', layout.llm.host, ports.llm, (page) =>
        llmPage(llm, page || (options.llm ?? DEFAULT_LLM_PAGE)),
      )
    }
    this.#jobs = new JobScheduler(this.gpuHosts, random.fork('jobs'), pace)
    this.#metricsServers = this.gpuHosts.map((host, i) =>
      createMetricsServer(`simulated ${host.name}`, layout.gpuHosts[i]?.host ?? '', ports.dcgm, (page) =>
        pageOf(host, page),
      ),
    )
    this.#bmcs = layout.gpuHosts.map(({ bmc, host }, i) => {
      const gpuHost = this.gpuHosts[i]
      return bmc && gpuHost
        ? createJsonServer(`simulated BMC of ${gpuHost.name}`, host, ports.bmc, (path) =>
            bmcResource(gpuHost, bmc, path),
          )
        : undefined
    })

    this.#overhead = new Overhead(random.fork('overhead'))
    this.meter = new SiteMeter(layout.meter.host, ports.meter)
    // one meter has the low word first, the other a raw scale: every form of a map is met
    this.sources = layout.sources.map(({ id, host, generates, ratedW }) => ({
      source: (generates === 'solar' ? solar : generator)(ratedW, random.fork(id)),
      meter: new SiteMeter(host, ports.meter, generates === 'solar' ? EM24_E1 : RAW_SCALE, 812_300),
    }))
    this.feeders = layout.feeders.map((place) => new FeederMeter(place, ports, this.machines))
    this.pdus = layout.pdus.map(
      (p) =>
        new Pdu(
          p.id,
          p.host,
          ports.snmp,
          this.gpuHosts.filter((_, i) => p.outlets.includes(i)),
        ),
    )
  }

  /** Opens every listener. @throws PerwattError where an address is taken, after closing those that were open */
  async open(): Promise<void> {
    this.#open = true
    const opened = await Promise.allSettled(this.#listeners().map((l) => l.open()))
    const failed = opened.find((o) => o.status === 'rejected')
    if (!failed) return
    await this.close()
    throw failed.reason
  }

  /** Advances the world with the clock until the signal aborts; `onBeat` is called after each second. */
  async run(signal: AbortSignal, onBeat: () => void = () => {}): Promise<void> {
    do {
      this.catchUp()
      onBeat()
    } while (await pause(STEP_S * 1000 - ((this.#now() - this.#startS * 1000) % 1000), signal))
  }

  /** Advances the world to the clock's time, in whole steps. */
  catchUp(): void {
    const lagS = () => this.#now() / 1000 - this.#startS - this.#skippedS - this.#elapsedS
    if (this.paused) this.#skippedS += lagS()
    else if (lagS() > MAX_LAG_S) this.#skippedS += lagS() - STEP_S
    while (lagS() >= STEP_S) this.step()
  }

  /** Advances the world by one second. */
  step(): void {
    this.#elapsedS += STEP_S
    this.events.push(...this.#fleet.advance(STEP_S))
    if (this.events.length > 1000) this.events.splice(0, 500)
    this.#llm?.advance(STEP_S, this.#startS + this.#skippedS + this.#elapsedS)
    this.#jobs.advance(STEP_S)
    for (const { gpus } of this.gpuHosts) for (const gpu of gpus) gpu.advance(STEP_S)

    const asicsW = this.machines.reduce((sum, m) => sum + m.powerW, 0)
    const gpusW = this.gpuHosts.reduce((sum, h) => sum + h.powerW, 0)
    const hostsW = this.gpuHosts.reduce((sum, h) => sum + h.wallW - h.powerW, 0)
    const power = this.#overhead.step(STEP_S, asicsW, gpusW, hostsW)
    this.#overheadEnergyJ += (power.hostsW + power.coolingW) * STEP_S
    let generatedW = 0
    for (const { source, meter } of this.sources) {
      meter.advance(STEP_S, source.step(STEP_S))
      generatedW += meter.powerW
    }
    this.meter.advance(STEP_S, totalW(power) - generatedW)
    for (const pdu of this.pdus) pdu.advance(STEP_S)
    for (const feeder of this.feeders) feeder.advance(STEP_S)
    if (this.#open) for (const server of this.#asicServers) server.followReboots(this.#onError)
  }

  async close(): Promise<void> {
    this.#open = false
    await Promise.all(this.#listeners().map((l) => l.close()))
  }

  /** The ports on which each part listens, known after `open`. `asicSettings` has all ports of a miner by its driver's settings. */
  ports(): {
    asics: number[]
    asicSettings: Record<string, number>[]
    dcgm: number[]
    bmc: (number | undefined)[]
    llm?: number
    meter: number
    snmp: number[]
    sources: number[]
    feeders: number[]
  } {
    return {
      asics: this.#asicServers.map((s) => s.listeners[0]?.port ?? 0),
      asicSettings: this.#asicServers.map((s) => s.settings),
      dcgm: this.#metricsServers.map((l) => l.port),
      bmc: this.#bmcs.map((bmc) => bmc?.port),
      ...(this.#llmListener && { llm: this.#llmListener.port }),
      meter: this.meter.listener.port,
      snmp: this.pdus.map((p) => p.port),
      sources: this.sources.map(({ meter }) => meter.listener.port),
      feeders: this.feeders.map(({ port }) => port),
    }
  }

  truth(): SiteTruth {
    const energyJ: Record<string, number> = {}
    const workDiff1: Record<string, number> = {}
    for (const m of this.machines) {
      energyJ[m.id] = m.energyJ
      for (const [url, paid] of m.stratum.paidDiff1) workDiff1[url] = (workDiff1[url] ?? 0) + paid
    }
    for (const { name, gpus } of this.gpuHosts)
      for (const gpu of gpus) energyJ[`${name}/gpu${gpu.index}`] = gpu.energyJ
    return {
      elapsedS: this.#elapsedS,
      energyJ,
      workDiff1,
      tokensIn: this.#llm?.servedIn ?? 0,
      tokensOut: this.#llm?.servedOut ?? 0,
      overheadEnergyJ: this.#overheadEnergyJ,
      siteEnergyJ: this.sources.reduce(
        (sum, { meter }) => sum + meter.energyJ,
        this.meter.energyJ - this.meter.exportedJ,
      ),
      counted: this.#counted(),
      through: Object.fromEntries([
        ...this.pdus
          .flatMap((p) => p.draws())
          .map(([id, { energyJ: drawnJ, countedWh }]) => [
            id,
            { energyJ: drawnJ, countedMilliJ: countedWh * 3_600_000 },
          ]),
        ...this.feeders.flatMap((feeder) => feeder.through()),
      ]),
      forgetful: this.machines.filter((m) => m.reboots > 0 || m.api !== 'answers').map((m) => m.id),
    }
  }

  #counted(): Record<string, Counted> {
    const { llm, meter } = this.layout
    const counted: Record<string, Counted> = { [meter.id]: { energyMilliJ: this.meter.countedMilliJ } }
    for (const m of this.machines) counted[m.id] = { workDiff1: m.workDiff1 }
    for (const { name, gpus } of this.gpuHosts)
      for (const gpu of gpus) counted[`${name}/gpu${gpu.index}`] = { energyMilliJ: gpu.countedMilliJ }
    if (llm && this.#llm) {
      const { servedIn: tokensIn, servedOut: tokensOut } = this.#llm
      counted[llm.id] = { tokensIn, tokensOut }
    }
    return counted
  }

  #listeners(): Pick<Listener, 'open' | 'close'>[] {
    return [
      ...this.#asicServers.flatMap((s) => s.listeners),
      ...this.#metricsServers,
      ...this.#bmcs.filter((bmc) => bmc !== undefined),
      ...(this.#llmListener ? [this.#llmListener] : []),
      this.meter.listener,
      ...this.sources.map(({ meter }) => meter.listener),
      ...this.pdus,
      ...this.feeders.map(({ listener }) => listener),
    ]
  }
}

const SMI_PAGES = { 'nvidia-smi-log': nvidiaSmiLog, 'nvidia-smi-mig': nvidiaSmiMigLog }

/** What a host shows behind `/metrics`: NVIDIA's exporter, in several forms, or what AMD's or Intel's tools, ipmitool and hwmon show. */
function pageOf(host: GpuHost, page: string): string | undefined {
  const [gpu] = host.gpus
  const ofGpus = gpu && isAmd(gpu.model) ? AMD_PAGES : { ...DCGM_PAGES, ...INTEL_PAGES, ...SMI_PAGES }
  const pages: typeof IPMI_PAGES = { ...ofGpus, ...IPMI_PAGES, 'grace-hwmon': graceFiles }
  return pages[page]?.(host)
}
