import type { Device, DeviceKind } from '../../../protocol/device.ts'
import { inChunks } from '../chunks.ts'
import { floatAt, intAt, numberAt } from '../element.ts'
import { emptyLoads, LOAD_KINDS, type Loads } from './meter-tree.ts'

/** A device as the collector wires it. */
export interface WiredDevice extends Device {
  /**
   * nobody configured its `meteredBy`: that host is another agent's, found by its name. Its energy counts as a part of the host's, but
   * nothing that the host shows is charged to it: no agent changes another's figures through a meter that nobody put there.
   */
  isGuest?: true
}

/** The wiring of a site, from the `meteredBy` of its devices. */
export interface SiteWiring {
  /** deviceId of the site meter */
  siteMeter?: string | undefined
  /** finds any device of the site, also a silent one: devices behind a silent meter count as behind the next meter up */
  find(deviceId: string): Device | undefined
}

/** The meter tree of the devices that are heard. Index i is device i. */
export interface Wired {
  /** index of the meter that each device is behind; -1 for none */
  parents: Int32Array
  /** kinds and weights for the balance; the caller sets the readings */
  loads: Loads
  /** 1 for each device that is a guest behind its meter */
  guests: Uint8Array
}

/** Weight of a miner without a known rated power, W; only its ratio to other miners matters. */
const TYPICAL_W = 3_300
/** The most meters that are followed from a device to the root. */
const MAX_DEPTH = 16
const NONE = -1

/** A meter stands for a GPU host if it has OF_HOST devices behind it and no OTHER ones. Services (0) do not matter. */
const OF_HOST = 1
const OTHER = 2
const roleOf = (kind: DeviceKind | undefined): number => {
  if (kind === 'service') return 0
  return kind === 'gpu' || kind === 'host' ? OF_HOST : OTHER
}

const canMeter = (kind: DeviceKind | undefined): boolean =>
  kind === undefined || kind === 'meter' || kind === 'host'

interface Named {
  deviceId: string
  device: WiredDevice | undefined
}

/**
 * Builds the meter tree from the names in `meteredBy`. Names are resolved once for a list of devices; the tree changes with the
 * devices that are heard.
 */
export class Wiring {
  readonly #named: readonly Named[]
  readonly #siteMeter: string | undefined
  readonly #ids = new Map<string, number>()
  /** for each name: the name of the next meter up */
  readonly #above: number[] = []
  /** for each device: its own name, if another device names it as its meter */
  readonly #own: Int32Array
  /** for each device: the name of its meter */
  readonly #meter: Int32Array
  /** for each device: OF_HOST, OTHER or 0 */
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

  /** Whether another device names this one as its meter, so that the tree changes when it falls silent or is heard again. */
  isNamed(i: number): boolean {
    return this.#own[i] !== NONE
  }

  /**
   * Builds the tree.
   * @param heard 1 for each device that is heard now; a silent meter has nothing behind it
   */
  wire(heard: Uint8Array): Wired {
    const count = this.#named.length
    const first = this.#firstHeard(heard)
    const site = this.#siteMeter === undefined ? NONE : intAt(first, this.#ids.get(this.#siteMeter) as number)
    const meters = new Int32Array(count).fill(NONE)
    for (let i = 0; i < count; i++) if (heard[i] || !this.isNamed(i)) meters[i] = this.#heardMeterOf(i, first)
    cutCircles(meters)
    const loads = { ...emptyLoads(count), site, present: heard }
    const parents = new Int32Array(count)
    for (let i = 0; i < count; i++) {
      const meter = intAt(meters, i)
      const isFree = meter === NONE && i !== site
      parents[i] = isFree && (heard[i] || !this.isNamed(i)) ? site : meter
      const kind = this.#kindOf(i)
      loads.kind[i] = LOAD_KINDS.indexOf(kind === 'meter' || kind === 'host' ? kind : 'machine')
      // only a silent miner gets a share of its meter’s remainder, and only behind a meter of its own: the site’s remainder is cooling
      if (kind === 'asic' && meter !== NONE && meter !== site)
        loads.weight[i] = this.#named[i]?.device?.ratedPowerW ?? TYPICAL_W
      // own generation is in no other reading, so it counts wherever a site meter shows what is left of it
      const generates = this.#named[i]?.device?.generates
      if (isFree && kind === 'meter' && (generates === undefined || site === NONE)) loads.loose[i] = 1
      if (generates === 'battery') loads.stores[i] = 1
    }
    const guests = Uint8Array.from(this.#named, ({ device }) => (device?.isGuest ? 1 : 0))
    return { parents, loads, guests }
  }

  /** 1 for each host, and for each meter with only GPUs and hosts behind it, except the site meter. */
  hosts({ parents, loads: { present, site } }: Wired): Uint8Array {
    const hosts = new Uint8Array(parents.length)
    const others = new Uint8Array(parents.length)
    const role = this.#role
    inChunks(parents.length, (begin, end) => {
      for (let i = begin; i < end; i++) {
        const parent = intAt(parents, i)
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
    const existing = this.#ids.get(name)
    if (existing !== undefined) return existing
    const id = this.#ids.size
    this.#ids.set(name, id)
    // set before the recursion, because names can form a circle
    this.#above[id] = NONE
    this.#above[id] = this.#idOf(find(name)?.meteredBy, find)
    return id
  }

  /** For each name: the first device with that name that is heard. */
  #firstHeard(heard: Uint8Array): Int32Array {
    const first = new Int32Array(this.#ids.size).fill(NONE)
    for (let i = heard.length - 1; i >= 0; i--) {
      const id = intAt(this.#own, i)
      // a miner shows nothing of others, though another agent's device may name it as its meter
      if (id !== NONE && heard[i] && canMeter(this.#named[i]?.device?.kind)) first[id] = i
    }
    return first
  }

  #heardMeterOf(i: number, first: Int32Array): number {
    let id = intAt(this.#meter, i)
    for (let hops = 0; id !== NONE && hops < MAX_DEPTH; hops++) {
      const meter = intAt(first, id)
      if (meter !== NONE && id !== this.#own[i]) return meter
      // only that host is known to have it within, not what is above
      if (this.#named[i]?.device?.isGuest) return NONE
      id = numberAt(this.#above, id)
    }
    return NONE
  }
}

function aboveOf(meters: Int32Array): Uint8Array {
  const isAbove = new Uint8Array(meters.length)
  for (const meter of meters) if (meter !== NONE) isAbove[meter] = 1
  return isAbove
}

/** Cuts circles of meters in place: the first meter of each circle gets no parent. */
function cutCircles(meters: Int32Array): void {
  const isAbove = aboveOf(meters)
  const mostHops = isAbove.reduce((sum, is) => sum + is, 0)
  for (let i = 0; i < meters.length; i++) {
    if (!isAbove[i]) continue
    let above = intAt(meters, i)
    for (let hops = 0; above !== NONE && above !== i && hops <= mostHops; hops++) above = intAt(meters, above)
    if (above === i) meters[i] = NONE
  }
}

/**
 * Guests that tell more than the host itself, with all that is behind it, are not in it: they stand free, in place. So no agent gives another's host less than
 * nothing. Call it once the readings are set.
 */
export function freeLargeGuests({ parents, loads: { own, site }, guests }: Wired): void {
  if (!guests.includes(1)) return
  const behind = new Map<number, number>()
  for (const [i, parent] of parents.entries()) {
    const reading = floatAt(own, i)
    if (parent !== NONE && !Number.isNaN(reading)) behind.set(parent, (behind.get(parent) ?? 0) + reading)
  }
  for (const [i, guest] of guests.entries()) {
    const host = intAt(parents, i)
    if (guest && host !== NONE && (behind.get(host) ?? 0) > floatAt(own, host)) parents[i] = site
  }
}

/** Meters above a device that may charge it, nearest first: beyond a guest's link only the site meter, which the collector configures. */
export function* chargingMeters(i: number, { parents, loads: { site }, guests }: Wired): Generator<number> {
  let beyondGuest = guests[i] === 1
  for (let above = parents[i] ?? NONE, hops = 0; above >= 0 && hops < MAX_DEPTH; hops++) {
    if (!beyondGuest || above === site) yield above
    beyondGuest ||= guests[above] === 1
    above = parents[above] ?? NONE
  }
}
