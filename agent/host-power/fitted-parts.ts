import type { Judged } from './judge.ts'

/** The parts of one sum. */
export interface Parts {
  /** W by the name of each part in the list; undefined: it shows none */
  watts: ReadonlyMap<string, number | undefined>
  /** those that carry nothing by their own words, such as Status.State Absent */
  resting?: ReadonlySet<string>
}

/** A part that shows less than this part of what the largest one does carries none of the load. */
const CARRIES = 0.1
/** Below this a machine is off, and a 0 beside it is the step of a sensor. */
const OFF_W = 20
/** The others carry a missing part's load where they draw all of it but this part: another load of the supplies has other losses. */
const LOSSES = 0.25
/** A load that comes and goes is known by its largest sum of this time. */
const RECENT_MS = 3 * 60_000
/** Supplies do not tell their powers of one moment: the others may show the load only so much later, or at the next reading. */
const LATER_MS = 60_000
const READINGS = 2
/** Others that draw the same within this part of what the missing one drew have taken nothing over. */
const UNMOVED = 0.1

interface Sum {
  atMs: number
  powerW: number
}

/** What was before a part stopped carrying. */
interface Loss {
  sinceMs: number
  readings: number
  /** the largest sum shortly before */
  wholeW: number
  names: ReadonlyMap<string, number>
}

/**
 * What a machine's sum is made of: its supplies, or the inputs of its boards. A part that shows 0, nothing, or is no longer in the list
 * rests only where it says so itself, or where the others take its load over just then: each of n - 1 draws n / (n - 1) of what it drew. Else
 * its sensor failed, or the BMC lists its parts one after another, and a sum of the others would look right and be too low. So there is
 * none until the part is back, or a total of the machine says that the others are all. One that rests from the start was never counted.
 */
export class FittedParts {
  readonly #kind: string
  readonly #beside: Set<FittedParts>
  /** W of each part that carries some of the load, at the last whole sum */
  #carrying: ReadonlyMap<string, number> = new Map()
  #recent: readonly Sum[] = []
  #loss: Loss | undefined
  /** parts of which the others took the load over once: they are spares */
  readonly #spares = new Set<string>()
  /** W of the others, while a part is missing */
  #restW = 0

  /**
   * @param kind in the plural, for messages: `supplies`
   * @param beside other places that show the same parts
   */
  constructor(kind: string, beside = new Set<FittedParts>()) {
    this.#kind = kind
    this.#beside = beside
    beside.add(this)
  }

  /** Whether a part is missing. */
  get isLacking(): boolean {
    return this.#loss !== undefined
  }

  /**
   * @param sum of the parts that are listed
   * @param nowMs steady clock
   * @returns the sum; refused where a part is missing that carried some of it
   */
  take<T extends Judged>(sum: T, { watts, resting }: Parts, nowMs = performance.now()): T | Judged {
    // a list that did not come says nothing, and neither does one that has no sum
    if (watts.size === 0 || sum.refused !== undefined) return sum
    const shown = [...watts].flatMap(([name, w = 0]) => (w > 0 ? [[name, w] as const] : []))
    const mostW = Math.max(0, ...shown.map(([, w]) => w))
    if (mostW < OFF_W) return sum
    const carrying = new Map(shown.filter(([, w]) => w >= CARRIES * mostW))
    const sumW = shown.reduce((all, [, w]) => all + w, 0)
    const before = new Map([...this.#carrying].filter(([name]) => !resting?.has(name) || carrying.has(name)))
    const missing = new Map([...before].filter(([name]) => !carrying.has(name)))
    if (missing.size > 0 && !this.#areCarried(missing, sumW, nowMs)) {
      this.#restW = sumW
      return { refused: this.#lackOf(missing, carrying.size) }
    }
    const elsewhere = this.#carrying.size === 0 ? this.#lackBeside(carrying.size) : undefined
    if (elsewhere !== undefined) return { refused: elsewhere }
    for (const name of missing.keys()) this.#spares.add(name)
    this.#settle(carrying, { atMs: nowMs, powerW: sumW })
    return sum
  }

  /** Takes a total of the machine by itself: where it is what the parts draw that are left, those that are missing were taken out. */
  heardTotal(totalW: number | undefined): void {
    const loss = this.#loss
    if (!loss || totalW === undefined) return
    const left = [...this.#carrying.keys()].filter((name) => !loss.names.has(name)).length
    const eachW = this.#restW / Math.max(left, 1)
    const areAll = Math.abs(totalW - this.#restW) < (eachW * loss.names.size) / 2 && left > 0
    if (!areAll) return
    this.#carrying = new Map([...this.#carrying].filter(([name]) => !loss.names.has(name)))
    this.#loss = undefined
    this.#recent = []
  }

  /** Whether the others have taken the load over just now. */
  #areCarried(missing: ReadonlyMap<string, number>, sumW: number, nowMs: number): boolean {
    const isKnown = this.#loss && [...missing.keys()].every((name) => this.#loss?.names.has(name))
    const lastW = [...this.#carrying.values()].reduce((all, w) => all + w, 0)
    const wholeW = this.#loss?.wholeW ?? Math.max(lastW, ...this.#recent.map(({ powerW }) => powerW))
    const loss = isKnown && this.#loss ? this.#loss : { sinceMs: nowMs, readings: 0, wholeW, names: missing }
    loss.readings++
    const isFirst = loss.readings === 1
    this.#loss = { ...loss, names: missing }
    const missingW = [...missing.values()].reduce((all, w) => all + w, 0)
    if (loss.readings > READINGS && nowMs - loss.sinceMs > LATER_MS) return false
    // by the share of it that they had at last
    if (sumW >= loss.wholeW * (1 - (LOSSES * missingW) / lastW)) return true
    const areSpares = [...missing.keys()].every((name) => this.#spares.has(name))
    return isFirst && areSpares && Math.abs(sumW - (lastW - missingW)) > UNMOVED * missingW
  }

  #settle(carrying: ReadonlyMap<string, number>, sum: Sum): void {
    // a load that fell with a part must not make the larger one of before the measure
    const isSame = this.#loss === undefined
    this.#recent = [...(isSame ? this.#recent : []).filter(({ atMs }) => sum.atMs - atMs <= RECENT_MS), sum]
    this.#carrying = carrying
    this.#loss = undefined
  }

  /** Another place lacks a part, and this one, which is read for the first time, shows no more of them. */
  #lackBeside(count: number): string | undefined {
    for (const other of this.#beside) {
      const missing = other === this ? undefined : other.#loss?.names
      if (missing && count < other.#carrying.size)
        return other.#lackOf(missing, other.#carrying.size - missing.size)
    }
    return undefined
  }

  #lackOf(missing: ReadonlyMap<string, number>, left: number): string {
    const [[name, w] = ['', 0]] = missing
    const [which] = name.split('/').slice(-1)
    return `the power of ${left} of ${left + missing.size} ${this.#kind} (${which?.slice(0, 40)} carried ${Math.round(w)} W, which the others have not taken over; if it was taken out, restart the agent)`
  }
}
