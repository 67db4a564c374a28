import type { EndOfPage } from './ends.ts'
import type { LlmFormat } from './formats/format.ts'
import type { Page } from './metrics.ts'
import { MOST_SERIES, type WatchedStep } from './watched-series.ts'

/** Token counters of one set of labels. */
export interface SeriesTokens {
  /** the same for the same labels, also after a restart of the agent; also how input was counted, where that is not the usual way */
  key: string
  /** '' where the page names none */
  model: string
  tokensIn?: number
  tokensInCached?: number
  tokensOut?: number
}

/** What is sold at a reading, and what is seen and not sold. */
export interface Told {
  sold: SeriesTokens[]
  unsold: SeriesTokens[]
}

/** What counters are told of. */
export interface Context {
  end: EndOfPage
  format: LlmFormat
  /** ms of a monotonic clock */
  nowMs: number
}

/** How each series of the page goes on; one that is missing is of too many. */
export type Steps = ReadonlyMap<Page[number], WatchedStep>

export const HELD: Told = { sold: [], unsold: [] }

/** Nothing of it is sold: counting begins with what it shows. */
export const begun = ({ sold, unsold }: Told): Told => ({ sold: [], unsold: [...sold, ...unsold] })

/** Keeps a map from growing without end: what was set longest ago goes. */
export function setNewest<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= MOST_SERIES) return
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}
