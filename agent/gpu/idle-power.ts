import { idlePartOf, idleWOf } from './idle-watts.ts'

/** No board draws a larger part of its power limit without work: a reading above that was of a load that its page did not show. */
const MOST_PART = 0.4
/** Below this activity nothing computes: tools tell small numbers, such as 0.000012, of a board without work. */
const NO_ACTIVITY = 0.005

/** What a board shows now. */
export interface BoardNow {
  powerW?: number | undefined
  powerLimitW?: number | undefined
  /** true: nothing on the board computes now; false: something does; undefined: not known */
  idle: boolean | undefined
}

/**
 * The idle power of each board: the model's, else the lowest of its own readings at which everything on it was known to be idle, else
 * the part of its power limit that its generation draws. Without a limit the highest power so far stands for it. Whoever divides a
 * board's power by this marks the parts as estimated.
 */
export class IdlePower {
  readonly #lowestIdleW = new Map<string, number>()
  readonly #highestW = new Map<string, number>()

  /**
   * @param board name of the board in this session
   * @returns W; undefined where the board tells neither a power nor a limit, and its model is not known
   */
  of(board: string, model: string | undefined, now: BoardNow): number | undefined {
    const { powerW, powerLimitW, idle } = now
    if (powerW !== undefined) {
      this.#highestW.set(board, Math.max(powerW, this.#highestW.get(board) ?? 0))
      if (idle) this.#lowestIdleW.set(board, Math.min(powerW, this.#lowestIdleW.get(board) ?? powerW))
    }
    const known = idleWOf(model)
    if (known !== undefined) return known
    const fullW = powerLimitW || this.#highestW.get(board) || 0
    const seenW = this.#lowestIdleW.get(board)
    if (seenW !== undefined && seenW <= MOST_PART * fullW) return seenW
    return fullW > 0 ? idlePartOf(model) * fullW : undefined
  }
}

/** Whether nothing computes by these activities, 0 to 1; undefined: one of them is not told. */
export const isAllIdle = (activities: readonly (number | undefined)[]): boolean | undefined =>
  activities.includes(undefined) ? undefined : activities.every((ratio = 0) => ratio < NO_ACTIVITY)
