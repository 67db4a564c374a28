import { defined } from '../../../protocol/kit/defined.ts'
import type { Row } from '../../wire/loose-json/fields.ts'
import { isRow, textOf } from '../../wire/loose-json/fields.ts'
import { idOf } from './client.ts'
import { meaningOf, meaningOfId, type Whole } from './meaning.ts'
import type { Pages } from './pages.ts'
import { metricsPower, type RedfishPower } from './power.ts'
import { excerptPower } from './sensors.ts'

/** How sure it is that a figure of EnvironmentMetrics is the machine's: DSP2046 says so, but firmware puts a part's sensor there. */
type Trust = 'whole' | 'unclear' | 'part'

/** A figure of a controls or a Power resource, which is read for itself. */
const A_CONTROL = /#\/PowerControl\//
/** Ids of a sensor that name only the quantity. */
const QUANTITY_ONLY =
  /^(?:input|total|ac)?[ _-]?(?:power|watts|energy)[ _-]?(?:watts|consumption|consumed|kwh|joules)?$/i

/** A chassis' EnvironmentMetrics. Whose power it is, is decided by the sensor that it names as its source. */
export class Environment {
  readonly #path: string
  readonly #whole: Whole
  /** by DataSourceUri */
  readonly #trust = new Map<string, Trust>()

  constructor(path: string, whole: Whole) {
    this.#path = path
    this.#whole = whole
  }

  /**
   * The power and energy, where their trust is the asked one; a part's are left out. A source without a value of its own in the metrics
   * is read at its sensor.
   * @throws as `Pages.row`
   */
  async read(pages: Pages, wanted: Exclude<Trust, 'part'>): Promise<RedfishPower> {
    const row = await pages.row(this.#path)
    if (!row) return {}
    const power = row['PowerWatts'] ?? row['InputPowerWatts']
    const [powerTrust, wattsTrust] = [await this.#trustOf(pages, power), await this.#energyTrust(pages, row)]
    if (powerTrust !== wanted) return {}
    const { energyJ, ...judged } = metricsPower(row)
    const counter = wattsTrust === 'part' || wattsTrust !== powerTrust ? undefined : energyJ
    if (judged.powerW !== undefined || judged.refused !== undefined)
      return defined({ ...judged, energyJ: counter })
    return defined({ ...(await excerptPower(pages, power)), energyJ: counter })
  }

  /** That of the energy counter; where it names no source, it goes with the power. */
  async #energyTrust(pages: Pages, row: Row): Promise<Trust> {
    const energy = [row['EnergyJoules'], row['EnergykWh']].find((one) => sourceOf(one) !== undefined)
    return this.#trustOf(pages, energy ?? row['PowerWatts'] ?? row['InputPowerWatts'])
  }

  async #trustOf(pages: Pages, figure: unknown): Promise<Trust> {
    const from = sourceOf(figure)
    if (from === undefined) return 'whole'
    const known = this.#trust.get(from)
    if (known) return known
    const trust = await this.#trustOfSensor(pages, from)
    // a page that failed to come may come at the next poll
    if (trust !== undefined) this.#trust.set(from, trust)
    return trust ?? 'unclear'
  }

  async #trustOfSensor(pages: Pages, from: string): Promise<Trust | undefined> {
    if (A_CONTROL.test(from)) return 'unclear'
    const byId = meaningOfId(idOf(from))
    if (byId) return byId.of === 'machine' ? 'whole' : 'part'
    if (QUANTITY_ONLY.test(idOf(from))) return 'whole'
    const row = await pages.maybe(from)
    if (!row) return undefined
    const meaning = meaningOf(from, row, this.#whole)
    return meaning === undefined ? 'unclear' : meaning.of === 'machine' ? 'whole' : 'part'
  }
}

const sourceOf = (figure: unknown): string | undefined =>
  isRow(figure) ? textOf(figure, 'DataSourceUri') : undefined
