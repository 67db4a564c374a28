import { defined } from '../../../protocol/kit/defined.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import type { Judged } from '../../host-power/judge.ts'
import {
  areOfNode,
  type FittedSensors,
  type MachinePower,
  machinePowerOf,
  type NamedSensor,
  sumOfSupplies,
  suppliesAmong,
  supplyPartsAmong,
} from '../../host-power/machine-power.ts'
import { CHASSIS_RANK, subjectOf } from '../../host-power/sensor-names.ts'
import { suppliesTogether } from '../../host-power/supplies.ts'
import { isRow, type Row, textOf } from '../../wire/loose-json/fields.ts'
import { idOf } from './client.ts'
import { LookAgain } from './look-again.ts'
import { type Meaning, meaningOf, meaningOfId, relation, type Whole } from './meaning.ts'
import type { Pages } from './pages.ts'
import { type RedfishPower, readingOf, sensorPower } from './power.ts'
import { isSilent } from './power-page.ts'
import type { PowerState } from './power-state.ts'

/**
 * The power of a sensor excerpt, such as `InputPowerWatts`. One that names its sensor and has no value of its own is read there.
 * @throws as `Pages.row`
 */
export async function excerptPower(pages: Pages, figure: unknown): Promise<Judged> {
  const said = readingOf(figure)
  const from = isRow(figure) ? textOf(figure, 'DataSourceUri') : undefined
  if (from === undefined || said.powerW !== undefined || said.refused !== undefined) return said
  const sensor = await pages.row(from)
  return sensor ? sensorPower(sensor) : {}
}

const MOST_SENSORS = 32
/** How long sensors without a telling Id are opened in one look; the next look goes on behind them. */
const OPENED_FOR_MS = 20_000
const MOST_OPENED = 256
/** Ids of sensors of another quantity, which are never opened. */
const OTHER_QUANTITY =
  /temp|fan(?!\w*p(ower|wr))|rpm|tach|volt|curr(?!ent_?p)|amps?\b|humid|freq|util|flow|press|leak|energy|speed|altitude|_[vct]\d*$/i

interface Known {
  path: string
  name: string
  subject: Exclude<Meaning, { of: 'part' }>
}

/**
 * The sensors of a chassis that tell the machine's power: its own, those of its supplies, or of its hot-swap controllers. A tray of GPUs
 * has hundreds, so a sensor whose Id says what it is, is not opened to find out. Where no Id names a power of the machine, the others
 * are opened, some at each look.
 */
export class MachineSensors {
  readonly #collection: string
  readonly #whole: Whole
  readonly #hasSharedSupplies: boolean
  /** what each sensor turned out to be, by path */
  readonly #meanings = new Map<string, Known | undefined>()
  #paths: readonly string[] = []
  readonly #list = new LookAgain()
  readonly #fitted: FittedSensors

  /** @param fitted what its sums were made of: it outlives these */
  constructor(
    collection: string,
    whole: Whole,
    { hasSharedSupplies, fitted }: { hasSharedSupplies: boolean; fitted: FittedSensors },
  ) {
    this.#fitted = fitted
    this.#collection = collection
    this.#whole = whole
    this.#hasSharedSupplies = hasSharedSupplies
  }

  /** @throws as `Pages.row` */
  async read(pages: Pages, state: PowerState): Promise<MachinePower> {
    const wanted = await this.#wanted(pages)
    const wholes = wanted.filter(({ subject }) => subject.of === 'machine')
    const others = wanted.filter(({ subject }) => subject.of !== 'machine')
    const sensors = await readAll(pages, wholes, this.#whole)
    const power = machinePowerOf(sensors)
    if (power.powerW !== undefined || power.unclear !== undefined || others.length === 0) return power
    const hasSupplies = others.some(({ subject }) => subject.of === 'supply')
    const isOff = hasSupplies && (await state.isOff(pages))
    const feeding = others.filter(({ subject }) => !isOff || subject.of !== 'supply')
    const all = [...sensors, ...(await readAll(pages, feeding, this.#whole))]
    return machinePowerOf(all, isOff ? undefined : this.#fitted)
  }

  /** The sum of its supplies, also where the whole has a sensor. @throws as `Pages.row` */
  async supplies(pages: Pages, state: PowerState): Promise<RedfishPower> {
    const wanted = await this.#wanted(pages)
    const own = wanted.filter(({ subject }) => subject.of === 'supply')
    if (own.length === 0 || areOfNode(wanted) || (await state.isOff(pages))) return {}
    const sensors = await readAll(pages, own, this.#whole)
    const supplies = suppliesAmong(sensors)
    const sum = this.#fitted.supplies.take(sumOfSupplies(supplies), supplyPartsAmong(sensors))
    const evidence = this.#fitted.supplies.isLacking ? undefined : suppliesTogether(supplies)
    return defined({ ...sum, supplies: evidence })
  }

  /** The power of the sensors that are the machine's by their Ids, and surely not an enclosure's. @throws as `Pages.row` */
  async readOwn(pages: Pages): Promise<MachinePower> {
    const own = (await this.#named(pages)).filter(
      ({ subject }) => subject.of === 'machine' && subject.rank < CHASSIS_RANK,
    )
    return machinePowerOf(await readAll(pages, own.slice(0, MOST_SENSORS), this.#whole))
  }

  /** Whether a sensor is named for one node of several. A collection that fails does not say it. */
  async areOfNode(pages: Pages): Promise<boolean> {
    try {
      return (await this.#named(pages)).some(({ subject }) => subject.of === 'machine' && subject.isNode)
    } catch (error) {
      pages.throwIfOver()
      if (!(error instanceof PerwattError)) throw error
      return false
    }
  }

  /** The sensors whose Ids say what they are. */
  async #named(pages: Pages): Promise<Known[]> {
    if (this.#list.isDue()) {
      this.#paths = await pages.members(this.#collection)
      this.#list.looked()
    }
    return this.#paths.flatMap((path) => {
      const subject = subjectOf(idOf(path))
      return subject ? [{ path, name: idOf(path), subject }] : []
    })
  }

  async #wanted(pages: Pages): Promise<Known[]> {
    const named = await this.#named(pages)
    const known = named.length > 0 ? named : await this.#opened(pages)
    // a machine that starts may show them only later
    if (known.length === 0) this.#list.forget()
    const wanted = this.#hasSharedSupplies ? known.filter(({ subject }) => subject.of !== 'supply') : known
    const ofWhole = ({ subject }: Known) => Number(subject.of === 'machine')
    return [...wanted].sort((a, b) => ofWhole(b) - ofWhole(a)).slice(0, MOST_SENSORS)
  }

  async #opened(pages: Pages): Promise<Known[]> {
    const untilMs = performance.now() + OPENED_FOR_MS
    for (const path of this.#paths.slice(0, MOST_OPENED)) {
      if (this.#meanings.has(path) || OTHER_QUANTITY.test(idOf(path)) || meaningOfId(idOf(path))) continue
      if (performance.now() > untilMs) break
      const row = await pages.maybe(path)
      // one that fails may come at the next look
      if (!row) continue
      const isPower =
        textOf(row, 'ReadingType') === 'Power' || /^[kmM]?W$/.test(textOf(row, 'ReadingUnits') ?? '')
      const subject = isPower ? meaningOf(path, row, this.#whole) : undefined
      this.#meanings.set(
        path,
        subject && subject.of !== 'part'
          ? { path, name: textOf(row, 'Name') ?? idOf(path), subject }
          : undefined,
      )
    }
    return this.#paths.flatMap((path) => this.#meanings.get(path) ?? [])
  }
}

async function readAll(pages: Pages, known: readonly Known[], whole: Whole): Promise<NamedSensor[]> {
  const sensors: NamedSensor[] = []
  for (const { path, name, subject } of known) {
    const row = await pages.row(path)
    // a sum without it would look right and be too low
    if (!row && subject.of !== 'machine') sensors.push({ name, subject, isSilent: true })
    if (row && !isNotOwn(row, subject, whole))
      sensors.push({ name, subject, ...sensorPower(row), isSilent: isSilent([row], [row['Reading']]) })
  }
  return sensors
}

/** Whether a sensor belongs to a part or to another machine by its own resource, whatever its Id is. */
function isNotOwn(row: Row, { of }: Known['subject'], whole: Whole): boolean {
  const related = relation(row, whole)
  return of !== 'hot-swap' && (related === 'elsewhere' || (of === 'machine' && related === 'part'))
}
