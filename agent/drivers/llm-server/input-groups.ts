import type { LlmFormat } from './formats/format.ts'
import { modelOf, type Page, seriesOf } from './metrics.ts'
import { nameOf } from './series-names.ts'

type Series = Page[number]

/** A part of the input as a page shows it: its sum, and of how many series it is. */
export interface InputPart {
  tokens: number
  series: number
}

/** A counter of input tokens, and what the page tells of its parts. Several counters where the page doesn't tell a part of each. */
export interface InputGroup {
  /** the same for the same labels */
  key: string
  model: string
  wholes: Page
  cached: InputPart | undefined
  /** from this server's own cache */
  cachedHere: InputPart | undefined
  elsewhere: InputPart | undefined
}

/** The counters of input tokens of a server, each with its parts: those with the same labels, as far as all of them have them. */
export function inputGroups(page: Page, format: LlmFormat): InputGroup[] {
  const wholes = seriesOf(page, format.tokensIn)
  const [cached, cachedHere, elsewhere] = [
    seriesOf(page, format.tokensInCached),
    seriesOf(page, format.tokensInCachedHere),
    seriesOf(page, format.tokensInElsewhere),
  ]
  const common = commonLabels([...wholes, ...cached, ...cachedHere, ...elsewhere])
  const labelsOf = (one: Series) => [...one.labels].filter(([label]) => common.has(label))
  const idOf = (one: Series) => nameOf([...labelsOf(one), ['model of the series', modelOf(one, format)]])
  const partsOf = (series: Page) => {
    const parts = new Map<string, InputPart>()
    for (const one of series) {
      const { tokens, series: n } = parts.get(idOf(one)) ?? { tokens: 0, series: 0 }
      parts.set(idOf(one), { tokens: tokens + one.value, series: n + 1 })
    }
    return parts
  }
  const parts = { cached: partsOf(cached), cachedHere: partsOf(cachedHere), elsewhere: partsOf(elsewhere) }
  const groups = new Map<string, Series[]>()
  for (const one of wholes) {
    const own = groups.get(idOf(one))
    if (own) own.push(one)
    else groups.set(idOf(one), [one])
  }
  return [...groups].map(([id, own]) => {
    const [first] = own as [Series, ...Series[]]
    return {
      key: own.length === 1 ? nameOf(first.labels) : id,
      model: modelOf(first, format),
      wholes: own,
      cached: parts.cached.get(id),
      cachedHere: parts.cachedHere.get(id),
      elsewhere: parts.elsewhere.get(id),
    }
  })
}

/** The names of the labels that all of the series have. */
function commonLabels([first, ...others]: Page): ReadonlySet<string> {
  const common = new Set(first?.labels.keys())
  for (const { labels } of others) for (const label of common) if (!labels.has(label)) common.delete(label)
  return common
}
