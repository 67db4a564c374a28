import type { WrittenTruth } from '../../agent/simulator/run-site.ts'

/** at either end the world stands still, and its first and last readings show a power that draws no energy */
export const EDGE_MS = 8_000
/** between two entries that are further apart and in which the world hardly moved, it stood still, or its machines had no power */
const STANDS_MS = 3_000

/**
 * The true series as functions of real time. The world moves in steps of a second, which come early or late, or many at once after
 * a pause. A machine's energy in real time is therefore the integral of each step's power over real time.
 */
export class World {
  readonly #moving: readonly WrittenTruth[]
  /** when the world stood still between its begin and its end */
  readonly #stood: readonly { fromMs: number; toMs: number }[]
  /** energy up to each entry, J, by deviceId */
  readonly #drawn = new Map<string, number[]>()

  constructor(truth: readonly WrittenTruth[]) {
    this.#moving = truth.filter((t, i) => !t.paused || truth[i - 1]?.paused === false)
    this.#stood = this.#moving.flatMap((b, i) => {
      const a = this.#moving[i - 1]
      if (!a || b.atMs - a.atMs < STANDS_MS) return []
      const movedMs = (b.elapsedS - a.elapsedS) * 1000
      return movedMs < (b.atMs - a.atMs) / 2 ? [{ fromMs: a.atMs, toMs: b.atMs }] : []
    })
  }

  /** Whether it stood still between its begin and its end. */
  get stoodStill(): boolean {
    return this.#stood.length > 0
  }

  /** Whether a device's energy is integrated from its power: it has energy, and no energy counter. */
  integrates(deviceId: string): boolean {
    const last = this.#moving.at(-1)
    return last?.energyJ[deviceId] !== undefined && last.counted[deviceId]?.energyMilliJ === undefined
  }

  contains(fromMs: number, toMs: number): boolean {
    const [first, last] = [this.#moving[0], this.#moving.at(-1)]
    if (!first || !last || fromMs <= first.atMs + EDGE_MS || toMs >= last.atMs - EDGE_MS) return false
    return !this.#stood.some((stood) => toMs > stood.fromMs - EDGE_MS && fromMs < stood.toMs + EDGE_MS)
  }

  energyJ(deviceId: string, fromMs: number, toMs: number): number {
    return this.#energyAt(deviceId, toMs) - this.#energyAt(deviceId, fromMs)
  }

  powerRangeW(deviceId: string, fromMs: number, toMs: number): [number, number] {
    let [least, most] = [Number.POSITIVE_INFINITY, 0]
    for (let i = Math.max(1, this.#indexAfter(fromMs)); (this.#moving[i - 1]?.atMs ?? toMs) < toMs; i++) {
      const powerW = this.#powerW(deviceId, i)
      if (powerW === undefined) continue
      least = Math.min(least, powerW)
      most = Math.max(most, powerW)
    }
    return [least, most]
  }

  /** Power in the steps between two entries; undefined where there is no step. */
  #powerW(deviceId: string, i: number): number | undefined {
    const [a, b] = [this.#moving[i - 1], this.#moving[i]]
    if (!a || !b || b.elapsedS === a.elapsedS) return undefined
    return ((b.energyJ[deviceId] ?? 0) - (a.energyJ[deviceId] ?? 0)) / (b.elapsedS - a.elapsedS)
  }

  #drawnJ(deviceId: string): number[] {
    const known = this.#drawn.get(deviceId)
    if (known) return known
    let [drawnJ, powerW] = [0, 0]
    const all = this.#moving.map(({ atMs }, i) => {
      powerW = this.#powerW(deviceId, i) ?? powerW
      drawnJ += (powerW * (atMs - (this.#moving[i - 1]?.atMs ?? atMs))) / 1000
      return drawnJ
    })
    this.#drawn.set(deviceId, all)
    return all
  }

  #energyAt(deviceId: string, atMs: number): number {
    const i = this.#indexAfter(atMs)
    const drawnJ = this.#drawnJ(deviceId)
    const [a, b] = [this.#moving[i - 1], this.#moving[i]]
    const [before, after] = [drawnJ[i - 1], drawnJ[i]]
    if (!a || !b || before === undefined || after === undefined) return Number.NaN
    return before + ((after - before) * (atMs - a.atMs)) / (b.atMs - a.atMs)
  }

  /** index of the first entry after a time */
  #indexAfter(atMs: number): number {
    let [low, high] = [0, this.#moving.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#moving[middle]?.atMs ?? 0) <= atMs) low = middle + 1
      else high = middle
    }
    return low
  }
}
