import type { Part } from '../views/standing.ts'

/** Why something stands still, as far as its part knows. */
export interface Why {
  /** the same for the same cause, so that many agents with one cause are one alert: `acl` */
  kind: string
  /** what stands still, in one line that names nobody */
  what: string
  cause: string
  /** what to do */
  cure: string
  /** parts that stand only because of this one; absent: those behind it in the direction of the data */
  stops?: readonly Part[]
}

/**
 * What one part of the pipeline tells of itself at every tick: what waits, and whether it has moved since. Whoever moves something
 * tells no more; the one judge in `collector/standing` says what stands still.
 */
export interface Pulse {
  part: Part
  /** which of several: an agent, a price */
  name?: string
  /** another value than before: it has moved */
  moves: string | number
  /** how much waits; 0: nothing has to move */
  waiting: number
  /** it stands still when it has not moved for longer than this while something waits, s */
  limitS: number
  /** how long it has not moved, as the part itself knows, s */
  stillS?: number
  /** the limit of that, where it is another one, s */
  toldLimitS?: number
  /** asked only where it stands still */
  why(): Why
}
