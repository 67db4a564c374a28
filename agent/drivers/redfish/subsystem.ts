import { defined } from '../../../protocol/kit/defined.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { NoAnswer } from '../../../protocol/kit/retry.ts'
import type { FittedParts } from '../../host-power/fitted-parts.ts'
import { Joined } from '../../host-power/joined.ts'
import { carriedW, type SupplyPower, sumOfSupplies } from '../../host-power/machine-power.ts'
import { heldSupplies, suppliesTogether } from '../../host-power/supplies.ts'
import { type Row, valueAt } from '../../wire/loose-json/fields.ts'
import { idOf, linkOf } from './client.ts'
import type { JointCounter } from './joint-counter.ts'
import { LookAgain } from './look-again.ts'
import { feedsOthers, type Whole } from './meaning.ts'
import { type Pages, UNTOLD_MS } from './pages.ts'
import { isOffline, metricsPower, type RedfishPower, readingOf } from './power.ts'
import { isSilent, ratingOf, restsByItself } from './power-page.ts'
import { excerptPower } from './sensors.ts'

export const MOST_SUPPLIES = 16
/** What looking again may take of a poll, so that the metrics still come. */
const LOOK_PART = 0.3

/** A supply of the list. */
interface Fitted {
  /** its page; absent: it has not come yet */
  row?: Row
  isListed: boolean
  /** its metrics have come once */
  hasShown: boolean
  /** its metrics were added up last */
  isCounted: boolean
}

const NEW: Fitted = { isListed: true, hasShown: false, isCounted: false }

/**
 * The sum of the metrics of each supply of a PowerSubsystem, and of their energy counters. Now and then the list is read beside the
 * metrics, and one supply's own page. So a supply that the BMC lists later, or that is plugged in, counts soon.
 */
export class PowerSubsystem {
  readonly #path: string | undefined
  readonly #whole: Whole
  readonly #supplies = new Map<string, Fitted>()
  readonly #fitted: FittedParts
  readonly #counter: JointCounter
  readonly #list = new LookAgain()
  readonly #page = new LookAgain()
  #collection: string | undefined
  readonly #joined = new Joined()

  /** @param known of its supplies: it outlives this list */
  constructor(
    path: string | undefined,
    whole: Whole,
    { counter, fitted }: { counter: JointCounter; fitted: FittedParts },
  ) {
    this.#counter = counter
    this.#fitted = fitted
    this.#path = path
    this.#whole = whole
  }

  /** @throws as `Pages.row` */
  async read(pages: Pages): Promise<RedfishPower> {
    if (this.#supplies.size === 0) await this.#first(pages)
    else await this.#again(pages)
    const powers = new Map<string, SupplyPower>()
    const watts = new Map<string, number | undefined>()
    const resting = new Set<string>()
    const energies = new Map<string, number>()
    for (const [path, one] of [...this.#supplies]) {
      const metrics = await this.#metricsOf(pages, path, one)
      one.isCounted = typeof metrics !== 'string'
      if (metrics !== 'gone') watts.set(path, undefined)
      if (metrics === 'rests' || restsByItself(one.row ?? {})) resting.add(path)
      if (metrics === 'gone' || metrics === 'rests') continue
      const power = metrics === 'silent' ? SILENT : await powerIn(pages, metrics, one.row ?? {})
      powers.set(path, power)
      const { energyJ } = metrics === 'silent' ? {} : metricsPower(metrics)
      if (energyJ !== undefined) energies.set(path, energyJ)
    }
    const { supplies, wrong } = heldSupplies([...powers.values()])
    for (const [i, path] of [...powers.keys()].entries()) watts.set(path, carriedW(supplies[i] ?? SILENT))
    const sum = this.#fitted.take(sumOfSupplies(supplies), { watts, resting })
    // a sum without one of its counters would look like a counter reset
    const isCounted = energies.size > 0 && energies.size === powers.size && !this.#fitted.isLacking
    const rows = [...this.#supplies.values()].flatMap(({ row }) => (row ? [row] : []))
    const counted = [...this.#supplies].flatMap(([path, { isCounted }]) => (isCounted ? [idOf(path)] : []))
    const [changed] = sum.powerW === undefined ? [] : this.#joined.of(counted, 'the BMC')
    return defined({
      ...sum,
      energyJ: isCounted ? this.#counter.take(energies) : undefined,
      supplies: this.#fitted.isLacking ? undefined : suppliesTogether(supplies),
      ratedW: ratingOf(rows.filter((row) => !isOffline(row) && !feedsOthers(row, this.#whole))),
      changed: wrong ?? changed,
    })
  }

  /** All pages, until there is a supply. */
  async #first(pages: Pages): Promise<void> {
    this.#collection = linkOf((await pages.row(this.#path))?.['PowerSupplies'])
    await this.#readList(pages)
    for (const path of [...this.#supplies.keys()]) await this.#readPage(pages, path)
  }

  /** One page of the list or of a supply, and those of new supplies. What fails comes at the next poll. */
  async #again(pages: Pages): Promise<void> {
    try {
      await pages.forPart(LOOK_PART, UNTOLD_MS, async (own) => {
        if (this.#list.isDue()) await this.#readList(own)
        const unread = [...this.#supplies].filter(([, { row }]) => !row).map(([path]) => path)
        for (const path of unread) await this.#readPage(own, path)
        const [first] = this.#supplies.keys()
        // one that rests or is silent may be on or gone by now; the others tell it by their metrics
        const [next = first] = [...this.#supplies].find(([, { isCounted }]) => !isCounted) ?? []
        if (next === undefined || unread.length > 0 || !this.#page.isDue()) return
        await this.#readPage(own, next)
        this.#page.looked()
      })
    } catch (error) {
      pages.throwIfOver()
      if (!(error instanceof NoAnswer || error instanceof PerwattError)) throw error
    }
  }

  async #readList(pages: Pages): Promise<void> {
    const listed = (await pages.members(this.#collection)).slice(0, MOST_SUPPLIES)
    this.#list.looked()
    for (const [path, one] of this.#supplies) one.isListed = listed.includes(path)
    for (const path of listed) if (!this.#supplies.has(path)) this.#supplies.set(path, { ...NEW })
  }

  /** A supply that was read becomes the last in turn. */
  async #readPage(pages: Pages, path: string): Promise<void> {
    const known = this.#supplies.get(path) ?? { ...NEW }
    const row = await pages.row(path)
    this.#supplies.delete(path)
    this.#supplies.set(path, row ? { ...known, row } : known)
  }

  /**
   * What a supply's metrics are. `rests`: it is off, or feeds something else; `silent`: it is on and shows none; `gone`: the BMC has
   * neither its place in the list nor its metrics.
   */
  async #metricsOf(pages: Pages, path: string, one: Fitted): Promise<Row | 'rests' | 'silent' | 'gone'> {
    const { row, isListed } = one
    if (!row) return isListed ? 'silent' : this.#drop(path)
    if (feedsOthers(row, this.#whole) || isOffline(row)) return isListed ? 'rests' : this.#drop(path)
    const link = linkOf(row['Metrics'])
    const metrics = link === undefined ? undefined : await pages.row(link)
    if (metrics) one.hasShown = true
    else if (!isListed) return this.#drop(path)
    if (metrics) return isOffline(metrics) ? 'rests' : metrics
    return one.hasShown || isSilent([row], []) ? 'silent' : 'rests'
  }

  #drop(path: string): 'gone' {
    this.#supplies.delete(path)
    return 'gone'
  }
}

const SILENT: SupplyPower = { input: {}, output: {}, isSilent: true }

/** What PowerSupplyMetrics say. Where the input is known, the output is not looked up at its sensor. */
export async function powerIn(pages: Pages, metrics: Row, supply: Row): Promise<SupplyPower> {
  const input = await excerptPower(pages, metrics['InputPowerWatts'])
  const output =
    input.powerW === undefined
      ? await excerptPower(pages, metrics['OutputPowerWatts'])
      : readingOf(metrics['OutputPowerWatts'])
  const values = ['InputPowerWatts', 'OutputPowerWatts'].map((name) => valueAt(metrics, name, 'Reading'))
  return { input, output, isSilent: isSilent([supply, metrics], values) }
}
