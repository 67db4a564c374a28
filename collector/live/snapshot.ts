import type { Prices } from '../../protocol/quote.ts'
import type { LiveFigures } from '../economics/live/live-plane.ts'
import type { AgentView } from '../views/site.ts'
import type { ReadingColumns, SiteDevice } from './reading-columns.ts'

/** The configured facts of a site. */
export interface SiteFacts {
  site: string
  name: string
  timeZone: string
  powerLimitW?: number | undefined
}

/** The whole live plane at one moment. Everything that a tick shows or judges is from one snapshot. It is valid until the next one. */
export interface LiveSnapshot {
  atMs: number
  agents: AgentView[]
  /** the same array until an inventory changes */
  devices: readonly SiteDevice[]
  figures: LiveFigures
  columns: ReadingColumns
  prices: Prices
  /** increases whenever a device falls silent or is heard again */
  staleVersion: number
  /** when the oldest figure that counts was read, Unix ms; absent: none counts */
  oldestReadMs?: number
}
