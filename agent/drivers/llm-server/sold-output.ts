import { seriesId } from './copies.ts'
import { modelOf, type Page } from './metrics.ts'
import {
  begun,
  type Context,
  HELD,
  type SeriesTokens,
  type Steps,
  setNewest,
  type Told,
} from './series-tokens.ts'

/** The output tokens of each series, and what each showed at the first reading at which nothing was known of it. */
export class SoldOutput {
  readonly #firsts = new Map<string, number>()
  /** by key, the series that was told under it: a page that is cut may show the counter of another version with the same labels */
  readonly #told = new Map<string, string>()

  read(series: Page, steps: Steps, { end, format }: Omit<Context, 'nowMs'>): Told {
    const told: Told = { sold: [], unsold: [] }
    for (const one of series) {
      const step = steps.get(one)
      if (!step) continue
      const { key, verdict } = step
      const tell = (tokensOut: number): Told => {
        const tokens: SeriesTokens = { key, model: modelOf(one, format), tokensOut }
        return end.output ? { sold: [tokens], unsold: [] } : { sold: [], unsold: [tokens] }
      }
      if (verdict === 'first-held') setNewest(this.#firsts, key, one.value)
      const isOther = verdict === 'goes-on' && (this.#told.get(key) ?? seriesId(one)) !== seriesId(one)
      if (verdict !== 'held' && verdict !== 'first-held') setNewest(this.#told, key, seriesId(one))
      const { sold, unsold } = {
        'goes-on': () => (isOther ? begun(tell(one.value)) : tell(one.value)),
        'first-held': () => HELD,
        held: () => HELD,
        'from-first': () => begun(tell(this.#firsts.get(key) ?? one.value)),
        'from-here': () => begun(tell(one.value)),
      }[verdict]()
      told.sold.push(...sold)
      told.unsold.push(...unsold)
    }
    return told
  }
}
