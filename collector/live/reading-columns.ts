import { STATES } from '../../protocol/sample.ts'
import { inChunks } from '../economics/chunks.ts'
import { byteAt, floatAt, intAt } from '../economics/element.ts'
import type { LiveDevice } from '../economics/live/live-device.ts'
import { efficiencyJPerTh } from '../economics/mining.ts'
import type { DeviceClaim } from '../plugin/claim-store.ts'
import type { RackView } from '../views/device.ts'
import type { SiteView } from '../views/site.ts'

const UNREACHABLE = STATES.indexOf('unreachable')
const FAULTY = STATES.indexOf('faulty')
const RUNS: readonly boolean[] = STATES.map(
  (state) => state === 'hashing' || state === 'busy' || state === 'ok',
)
const SILENT = 255
const ASIC = 1
const GPU = 2
/** If a quarter of a rack's machines need a visit, the rack itself is probably at fault: power, network or cooling. */
const DOWN_RATIO = 0.25

type SiteReadings = Pick<
  SiteView,
  | 'devicesReporting'
  | 'hashrateHs'
  | 'expectedHashrateHs'
  | 'efficiencyJPerTh'
  | 'gpus'
  | 'gpuUtilizationRatio'
>

/** A device of the live plane with the source and time of its sample. */
export interface SiteDevice extends LiveDevice {
  simulated: boolean
  /** time of receipt by the collector's clock, Unix ms; absent if never heard */
  receivedAtMs?: number
  /** present where it is put aside: who has the machine */
  claim?: DeviceClaim['rival']
}

/** The readings of all devices by column, so that sums over a hundred thousand devices take a millisecond. NaN is unknown. */
export class ReadingColumns {
  readonly #devices: readonly SiteDevice[]
  readonly #kind: Uint8Array
  /** index into STATES; SILENT if stale or never heard */
  readonly #state: Uint8Array
  readonly #powerW: Float64Array
  readonly #hashrateHs: Float64Array
  readonly #utilizationRatio: Float64Array
  /** index into #racks; -1 if the device has no location */
  readonly #rack: Int32Array
  readonly #racks: Pick<RackView, 'container' | 'rack'>[] = []
  readonly #expectedHashrateHs: number

  constructor(devices: readonly SiteDevice[]) {
    this.#devices = devices
    this.#kind = Uint8Array.from(devices, ({ device: { kind } }) =>
      kind === 'asic' ? ASIC : kind === 'gpu' ? GPU : 0,
    )
    this.#state = new Uint8Array(devices.length).fill(SILENT)
    this.#powerW = new Float64Array(devices.length)
    this.#hashrateHs = new Float64Array(devices.length)
    this.#utilizationRatio = new Float64Array(devices.length)
    const racks = new Map<string, number>()
    this.#rack = Int32Array.from(devices, ({ device: { location }, claimed }) => {
      const { container = '', rack = '' } = location ?? {}
      if (claimed || (!container && !rack)) return -1
      const key = JSON.stringify([container, rack])
      const index = racks.get(key) ?? this.#racks.push({ container, rack }) - 1
      racks.set(key, index)
      return index
    })
    this.#expectedHashrateHs = devices.reduce(
      (sum, { device, claimed }) =>
        sum + ((device.kind === 'asic' && !claimed && device.expectedHashrateHs) || 0),
      0,
    )
  }

  /** Reads device i again: it has a new sample, or became stale or fresh. */
  renew(i: number): void {
    const { sample, stale, claimed } = this.#devices[i] as SiteDevice
    this.#state[i] = stale || claimed || !sample ? SILENT : STATES.indexOf(sample.state)
    this.#powerW[i] = sample?.powerW ?? Number.NaN
    this.#hashrateHs[i] = sample?.hashrateHs ?? Number.NaN
    this.#utilizationRatio[i] = sample?.utilizationRatio ?? Number.NaN
  }

  /** Sums over the site. Stale and unreachable devices are left out. */
  site(): SiteReadings {
    let devicesReporting = 0
    let hashrateHs = 0
    let gpus = 0
    const used = { ratio: 0, gpus: 0 }
    const measured = { hashrateHs: 0, powerW: 0 }
    for (let i = 0; i < this.#state.length; i++) {
      const state = byteAt(this.#state, i)
      if (state === SILENT || state === UNREACHABLE) continue
      devicesReporting++
      const hs = floatAt(this.#hashrateHs, i)
      if (this.#kind[i] === ASIC && hs > 0) {
        hashrateHs += hs
        const powerW = floatAt(this.#powerW, i)
        if (Number.isNaN(powerW)) continue
        measured.hashrateHs += hs
        measured.powerW += powerW
      } else if (this.#kind[i] === GPU) {
        gpus++
        const ratio = floatAt(this.#utilizationRatio, i)
        if (Number.isNaN(ratio)) continue
        used.ratio += ratio
        used.gpus++
      }
    }
    const efficiency = efficiencyJPerTh(measured.powerW, measured.hashrateHs)
    return {
      devicesReporting,
      hashrateHs,
      gpus,
      ...(this.#expectedHashrateHs > 0 ? { expectedHashrateHs: this.#expectedHashrateHs } : {}),
      ...(efficiency === undefined ? {} : { efficiencyJPerTh: efficiency }),
      ...(used.gpus > 0 ? { gpuUtilizationRatio: used.ratio / used.gpus } : {}),
    }
  }

  /**
   * The racks with their machines that need a visit: unreachable, faulty, or with an alert.
   * @param alerted indexes of devices with an alert
   */
  racks(alerted: ReadonlySet<number>): RackView[] {
    const racks = this.#racks.map((names) => ({
      ...names,
      devices: 0,
      needHands: 0,
      powerW: 0,
      silent: 0,
      silentW: 0,
      heardMs: Number.NaN,
      running: 0,
    }))
    const isAlerted = new Uint8Array(this.#rack.length)
    for (const i of alerted) isAlerted[i] = 1
    inChunks(this.#rack.length, (begin, end) => this.#countSome(begin, end, racks, isAlerted))
    return racks.map(({ silent, silentW, heardMs, running, ...r }) => {
      const whole = silent === r.devices
      const last = {
        devices: silent,
        whole,
        powerW: silentW,
        ...(Number.isNaN(heardMs) ? {} : { heardMs }),
      }
      return {
        ...r,
        // nothing of it is heard: as it was last known
        powerW: whole ? silentW : r.powerW,
        condition: conditionOf(r, silent, running),
        ...(silent > 0 ? { stale: last } : {}),
      }
    })
  }

  #countSome(begin: number, end: number, racks: readonly RackCount[], isAlerted: Uint8Array): void {
    for (let i = begin; i < end; i++) {
      const r = racks[intAt(this.#rack, i)]
      if (!r) continue
      const state = byteAt(this.#state, i)
      const powerW = floatAt(this.#powerW, i)
      r.devices++
      if (state === SILENT) {
        r.silent++
        if (!Number.isNaN(powerW)) r.silentW += powerW
        const { receivedAtMs } = this.#devices[i] as SiteDevice
        if (receivedAtMs !== undefined && !(r.heardMs >= receivedAtMs)) r.heardMs = receivedAtMs
        continue
      }
      if (!Number.isNaN(powerW)) r.powerW += powerW
      if (state === UNREACHABLE || state === FAULTY || isAlerted[i]) r.needHands++
      if (RUNS[state]) r.running++
    }
  }
}

type RackCount = Omit<RackView, 'condition' | 'stale'> & {
  /** devices that are not heard, W when they last were, and when that was (Unix ms; NaN: never) */
  silent: number
  silentW: number
  heardMs: number
  running: number
}

function conditionOf(
  { devices, needHands }: { devices: number; needHands: number },
  stale: number,
  running: number,
): RackView['condition'] {
  if (stale > devices / 2) return 'stale'
  if (needHands >= Math.max(1, devices * DOWN_RATIO) && needHands > 1) return 'down'
  if (needHands > 0) return 'degraded'
  return running === 0 ? 'idle' : 'normal'
}
