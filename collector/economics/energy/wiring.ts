import type { Device, DeviceKind } from '../../../protocol/device.ts'
import { inChunks } from '../chunks.ts'
import { emptyLoads, LOAD_KINDS, type Loads } from './meter-tree.ts'

/** How a site is wired, as far as its devices say. */
export interface SiteWiring {
  /** deviceId of the site meter */
  siteMeter?: string | undefined
  /** any device of the site, also one that says nothing now: what is behind a silent meter is behind the next one */
  find(deviceId: string): Device | undefined
}

/** Who is behind whom; index i is device i. */
export interface Wired {
  /** index of the meter that each is behind, -1 for none */
  parents: Int32Array
  /** kinds and weights of a balance; who is present and what he says comes with each moment */
  loads: Loads
}

/** What a miner without a known plate takes about, W; only the ratio to others counts. */
const TYPICAL_W = 3_300
const DEEPEST = 16
const NONE = -1

/** What a device says of the meter that it is behind: a GPU host's, surely not one, or nothing. */
const OF_HOST = 1
const OTHER = 2
const roleOf = (kind: DeviceKind | undefined): number => {
  if (kind === 'service') return 0
  return kind === 'gpu' || kind === 'host' ? OF_HOST : OTHER
}

interface Named {
  deviceId: string
  device: Device | undefined
}

/** The names that say which meter a device is behind, looked up once for as long as the devices stay the same. */
export class Wiring {
  readonly #named: readonly Named[]
  readonly #siteMeter: string | undefined
  readonly #ids = new Map<string, number>()
  /** by name: the meter that it is behind itself */
  readonly #above: number[] = []
  /** by device: its own name where it may be a meter, and that of its meter */
  readonly #own: Int32Array
  readonly #meter: Int32Array

  /** by device: what it says of the meter that it is behind */
  readonly #role: Uint8Array
  readonly #isHost: Uint8Array

  constructor(named: readonly Named[], { siteMeter, find }: SiteWiring) {
    this.#named = named
    this.#siteMeter = siteMeter
    this.#meter = Int32Array.from(named, ({ device }) => this.#idOf(device?.meteredBy, find))
    if (siteMeter !== undefined) this.#idOf(siteMeter, find)
    this.#role = Uint8Array.from(named, ({ device }) => roleOf(device?.kind))
    this.#isHost = Uint8Array.from(named, ({ device }) => (device?.kind === 'host' ? 1 : 0))
    this.#own = Int32Array.from(named, ({ deviceId }) => this.#ids.get(deviceId) ?? NONE)
  }

  /** Whether others may be behind the device: then who is heard changes the wiring. */
  isNamed(i: number): boolean {
    return this.#own[i] !== NONE
  }

  /** @param heard 1 for each device that says something now: nothing is behind a meter that doesn't */
  wire(heard: Uint8Array): Wired {
    const count = this.#named.length
    const first = this.#firstHeard(heard)
    const site =
      this.#siteMeter === undefined ? NONE : (first[this.#ids.get(this.#siteMeter) as number] as number)
    const meters = new Int32Array(count).fill(NONE)
    for (let i = 0; i < count; i++) if (heard[i] || !this.isNamed(i)) meters[i] = this.#heardMeterOf(i, first)
    cutCircles(meters)
    const loads = { ...emptyLoads(count), site, present: heard }
    const parents = new Int32Array(count)
    for (let i = 0; i < count; i++) {
      const meter = meters[i] as number
      const isFree = meter === NONE && i !== site
      parents[i] = isFree && (heard[i] || !this.isNamed(i)) ? site : meter
      const kind = this.#kindOf(i)
      loads.kind[i] = LOAD_KINDS.indexOf(kind === 'meter' || kind === 'host' ? kind : 'machine')
      // a silent miner has a part of what its container's meter shows; a silent GPU is lost, and a site's rest is its cooling
      if (kind === 'asic' && meter !== NONE && meter !== site)
        loads.weight[i] = this.#named[i]?.device?.ratedPowerW ?? TYPICAL_W
      if (isFree && kind === 'meter') loads.loose[i] = 1
    }
    return { parents, loads }
  }

  /** 1 for each that stands for a GPU host: a host itself, or a meter with nothing but GPUs and hosts behind it; never the site's. */
  hosts({ parents, loads: { present, site } }: Wired): Uint8Array {
    const hosts = new Uint8Array(parents.length)
    const others = new Uint8Array(parents.length)
    const role = this.#role
    inChunks(parents.length, (begin, end) => {
      for (let i = begin; i < end; i++) {
        const parent = parents[i] as number
        if (parent === NONE || !present[i]) continue
        if (role[i] === OF_HOST) hosts[parent] = 1
        else if (role[i] === OTHER) others[parent] = 1
      }
    })
    for (let i = 0; i < hosts.length; i++) {
      if (others[i] || i === site) hosts[i] = 0
      if (this.#isHost[i]) hosts[i] = 1
    }
    return hosts
  }

  #kindOf(i: number): DeviceKind {
    const { deviceId, device } = this.#named[i] as Named
    return device?.kind ?? (deviceId === this.#siteMeter ? 'meter' : 'asic')
  }

  #idOf(name: string | undefined, find: SiteWiring['find']): number {
    if (name === undefined) return NONE
    const known = this.#ids.get(name)
    if (known !== undefined) return known
    const id = this.#ids.size
    this.#ids.set(name, id)
    // set before the next one is looked up: names may go in a circle
    this.#above[id] = NONE
    this.#above[id] = this.#idOf(find(name)?.meteredBy, find)
    return id
  }

  /** By name: the first device of it that is heard. */
  #firstHeard(heard: Uint8Array): Int32Array {
    const first = new Int32Array(this.#ids.size).fill(NONE)
    for (let i = heard.length - 1; i >= 0; i--) {
      const id = this.#own[i] as number
      if (id !== NONE && heard[i]) first[id] = i
    }
    return first
  }

  #heardMeterOf(i: number, first: Int32Array): number {
    let id = this.#meter[i] as number
    for (let hops = 0; id !== NONE && hops < DEEPEST; hops++) {
      const meter = first[id] as number
      if (meter !== NONE && id !== this.#own[i]) return meter
      id = this.#above[id] as number
    }
    return NONE
  }
}

function aboveOf(meters: Int32Array): Uint8Array {
  const isAbove = new Uint8Array(meters.length)
  for (const meter of meters) if (meter !== NONE) isAbove[meter] = 1
  return isAbove
}

/** Meters that are said to be behind one another in a circle: the first of them is behind the site's. */
function cutCircles(meters: Int32Array): void {
  const isAbove = aboveOf(meters)
  const mostHops = isAbove.reduce((sum, is) => sum + is, 0)
  for (let i = 0; i < meters.length; i++) {
    if (!isAbove[i]) continue
    let above = meters[i] as number
    for (let hops = 0; above !== NONE && above !== i && hops <= mostHops; hops++)
      above = meters[above] as number
    if (above === i) meters[i] = NONE
  }
}
