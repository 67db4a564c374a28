import { SiteMeter } from './power/meter.ts'
import type { MeterFace } from './power/meter-face.ts'
import * as meterFaces from './power/meter-faces.ts'
import { Pdu } from './power/pdu.ts'
import type { PduFace } from './power/pdu-face.ts'
import { PDU_FACES } from './power/pdu-faces.ts'

/** A meter or rack PDU that feeds some miners, behind the site's meter. */
interface Feeder {
  id: string
  host: string
  location: { container: string }
  /** indexes in the layout's `asics` */
  asics: readonly number[]
}
export type FeederPlace = Feeder & ({ kind: 'pdu'; face: PduFace } | { kind: 'meter'; face: MeterFace })

const METER_FACES: readonly MeterFace[] = Object.values(meterFaces)
/** Its counter of import when the simulation begins. */
const BEFORE_WH = 812_345
const two = (n: number): string => String(n).padStart(2, '0')

/**
 * One feeder of each face: of all PDU families, then of all meters. Miner after miner is behind one after the other, so with fewer
 * miners the last ones feed nothing.
 * @param address gives the next free address
 */
export function feederPlaces(asics: number, address: () => string): FeederPlace[] {
  const all = [
    ...PDU_FACES.map((face) => ({ kind: 'pdu' as const, face })),
    ...METER_FACES.map((face) => ({ kind: 'meter' as const, face })),
  ]
  return all.map((made, i) => ({
    id: `feeder-${two(i + 1)}`,
    host: address(),
    location: { container: 'FEEDERS' },
    asics: Array.from({ length: asics }, (_, asic) => asic).filter((asic) => asic % all.length === i),
    ...made,
  }))
}

/** The deviceId of what meters a miner: an outlet where its feeder shows outlets. Undefined: it is behind none. */
export function feederOf(feeders: readonly FeederPlace[], asic: number): string | undefined {
  const feeder = feeders.find(({ asics }) => asics.includes(asic))
  if (!feeder) return undefined
  if (feeder.kind === 'meter') return feeder.id
  return feeder.face.inletOnly ? `${feeder.id}/inlet` : `${feeder.id}/outlet${feeder.asics.indexOf(asic) + 1}`
}

/** An emulated feeder, and what goes through it. */
export class FeederMeter {
  readonly place: FeederPlace
  readonly #machines: readonly { id: string; powerW: number }[]
  readonly #meter: SiteMeter | Pdu

  /** @param machines all miners of the site, in the layout's order */
  constructor(
    place: FeederPlace,
    ports: { meter: number; snmp: number },
    machines: readonly { id: string; powerW: number }[],
  ) {
    this.place = place
    this.#machines = place.asics.flatMap((asic) => machines[asic] ?? [])
    this.#meter =
      place.kind === 'meter'
        ? new SiteMeter(place.host, ports.meter, place.face, BEFORE_WH)
        : new Pdu(place.id, place.host, ports.snmp, this.#machines.map(asLoad), place.face)
  }

  get listener(): { open(): Promise<void>; close(): Promise<void> } {
    return this.#meter instanceof SiteMeter ? this.#meter.listener : this.#meter
  }

  /** known after it is open */
  get port(): number {
    return this.#meter instanceof SiteMeter ? this.#meter.listener.port : this.#meter.port
  }

  advance(dtS: number): void {
    if (this.#meter instanceof SiteMeter)
      this.#meter.advance(
        dtS,
        this.#machines.reduce((sum, { powerW }) => sum + powerW, 0),
      )
    else this.#meter.advance(dtS)
  }

  /** What went through it since the simulation began, by deviceId: J, and its counter's growth. */
  through(): [deviceId: string, { energyJ: number; countedMilliJ: number }][] {
    const meter = this.#meter
    if (meter instanceof SiteMeter)
      return [[this.place.id, { energyJ: meter.energyJ, countedMilliJ: meter.countedMilliJ }]]
    return meter
      .draws()
      .map(([id, { energyJ, countedWh }]) => [id, { energyJ, countedMilliJ: countedWh * 3_600_000 }])
  }
}

const asLoad = (machine: { id: string; powerW: number }) => ({
  name: machine.id,
  get wallW() {
    return machine.powerW
  },
})
