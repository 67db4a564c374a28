import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { SiteView } from '../../../views/site.ts'
import { clock, UNKNOWN } from './format.ts'

const DAY_MS = 86_400_000

/** Stands before a figure of which nothing is heard any more: it is the last known one. */
const LAST_KNOWN = '◷'

type Stale = SiteView['stale']

/** The time that a page shows figures of, and since when no frame came: then all figures are of that frame. */
interface PageTime {
  atMs: number
  timeZone: string
  /** present while no frame comes */
  frozenMs?: number
}

const PageTimeContext = createContext<PageTime>({ atMs: 0, timeZone: 'UTC' })
export const PageTimeProvider = PageTimeContext.Provider

/** When a figure was known last, `◷ 12:31`, with the day where that is long ago; undefined for a figure of now. */
export function useKnownAt(): (stale: Stale) => string | undefined {
  const { atMs, timeZone, frozenMs } = useContext(PageTimeContext)
  return (stale) => {
    if (stale?.whole) return `${LAST_KNOWN} ${dated(stale.heardMs, atMs, timeZone)}`
    return frozenMs === undefined ? undefined : `${LAST_KNOWN} ${dated(frozenMs, atMs, timeZone)}`
  }
}

/** A time of day, with its day where it is not of the last 20 hours; a dash where it is not known. */
export function dated(ms: number | undefined, atMs: number, timeZone: string): string {
  if (ms === undefined) return UNKNOWN
  const time = clock(ms, timeZone)
  if (Math.abs(atMs - ms) < (20 / 24) * DAY_MS) return time
  const day = new Intl.DateTimeFormat('en-GB', { timeZone, day: 'numeric', month: 'short' }).format(ms)
  return `${day} ${time}`
}

/** Whether nothing of a figure was ever heard, so that even its last value is not known. */
export const isUnknown = (stale: Stale): boolean => stale?.whole === true && stale.heardMs === undefined
