import { defined } from '../../protocol/kit/defined.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import { AGAIN_MS, type Ask, askedAgain } from './asked-again.ts'
import { appeared, fallen, grownBy, type MarkedAs, markedAs, type Origin, startedS } from './origin.ts'
import { ProvenRate } from './proven-rate.ts'

/**
 * How an answer goes on from the one before. `goes-on`: the same server. `began`: it has started again since. `fell`: what it counts is
 * lower, and no new start explains it: another server's, or a kept page. `another`: it may be another server's, so nothing may be compared
 * with what was before. `away`: of several, this is not the one that is read.
 */
export type Standing = 'goes-on' | 'began' | 'fell' | 'another' | 'away'

export interface Heard<A> {
  answer: A
  standing: Standing
  /** several servers answer at this address, or did lately */
  several: boolean
  /** the one that is read is told from the others for certain */
  certain: boolean
}

type Known = Origin & { atMs: number }

/** So long after the last sign, several servers are still taken to answer: balancers often keep to one for a while. */
const STANDS_MS = 10 * MINUTE_MS
/** One of several that has not answered during this time is gone; the shorter time is for polls in which all answers are another one's. */
const GONE_MS = 5 * MINUTE_MS
const REPLACED_MS = MINUTE_MS
/** The second fall that is no restart is a sign of a balancer that keeps to one server for hours (Kubernetes: 3 h), and stands as long. */
const FALLS_MS = 24 * HOUR_MS
/** Answers of a server that returns after a longer time are no sign of several. */
const LEFT_MS = 24 * HOUR_MS
const MOST_LEFT = 64
/** A few marks tell two servers apart, also where a page has thousands. */
const [MOST_KEPT_MARKS, MOST_KEPT_LEFT] = [32, 8]
/** Growth up to this is never looked at, per s; more is where it is twice as fast as any that was found to be true. */
const USUAL_PER_S = 500
const FASTER = 2
/** What a server can have counted since it started again: so much whatever it showed before; at least; and per s. */
const BEGINS_SMALL = 500
const BEGINS_AT = 20_000
const BEGINS_PER_S = 1_000
const BEGINS_MOST_PER_S = 200_000
/** Counters that are back where they were have grown by so many times less than they leapt. */
const RETURNS_BY = 10
/** More than any server counts while it is asked again. */
const LEAPS_BY = 500_000
/** Two clocks, and the moment of asking. */
const CLOCK_MS = 2_000

/**
 * Keeps to one server where several may answer at one address: the replicas behind a Kubernetes Service or a proxy, the worker processes of
 * one program. Each counts for itself, so the difference between two of them is no work at all. Servers are told apart by when they started
 * and by their ids; then the first one is read on. Where nothing tells them apart, what they show can't be used.
 *
 * After an odd answer it asks again over new connections: servers that share an address then show up together, and one that has started
 * again, or has worked hard, stays as it is.
 */
export class OneServer<A> {
  readonly #originOf: (answer: A) => Origin
  readonly #nowMs: () => number
  #known: Known | undefined
  /** the counters of `#known` are of this run */
  #isFresh = false
  /** servers that were read before this one; the newest last */
  #left: Known[] = []
  /** several are taken to answer until then */
  #untilMs = Number.NEGATIVE_INFINITY
  #wasSeveral = false
  /** servers whose marks are the same were seen */
  #twinsMs = Number.NEGATIVE_INFINITY
  #fellMs = Number.NEGATIVE_INFINITY
  /** what the last counters that fell were before */
  #fellFrom: Known | undefined
  #returnedMs = Number.NEGATIVE_INFINITY
  /** a leap raises no bound, however often it comes */
  readonly #proven = new ProvenRate()

  /**
   * @param originOf what an answer shows of its server
   * @param nowMs Unix time, ms
   */
  constructor(originOf: (answer: A) => Origin, nowMs: () => number) {
    this.#originOf = originOf
    this.#nowMs = nowMs
  }

  /** For the next run: which server is read. JSON. */
  get remembered(): unknown {
    if (!this.#known?.marks.size) return undefined
    const of = ({ marks, atMs }: Known) => ({ marks: [...marks].slice(0, MOST_KEPT_MARKS), atMs })
    const untilMs = this.#isSeveral ? this.#untilMs : undefined
    return defined({ known: of(this.#known), left: this.#left.slice(-MOST_KEPT_LEFT).map(of), untilMs })
  }

  /** @param remembered as an earlier run gave it; anything else is taken for nothing */
  recall(remembered: unknown): void {
    const { known, left, untilMs } = (remembered ?? {}) as Record<string, unknown>
    this.#known = knownOf(known)
    this.#left = Array.isArray(left) ? left.flatMap((one) => knownOf(one) ?? []) : []
    if (typeof untilMs === 'number') this.#untilMs = untilMs
  }

  /** @throws what `ask` throws the first time; a later failure shows nothing */
  async read(ask: Ask<A>, signal: AbortSignal): Promise<Heard<A>> {
    const answer = await ask(signal)
    const first = this.#originOf(answer)
    const known = this.#known
    if (known && this.#isFresh && !this.#isOdd(known, first)) return this.#goOn(answer, first, known)
    const rounds = [[answer], ...(await askedAgain(ask, signal))]
    const told = rounds.map((round) => round.map(this.#originOf))
    const isMixed = this.#areMixed(told)
    if (isMixed) this.#sign()
    const wasUnsure = this.#isFresh && this.#wasSeveral && !this.#isCertain
    this.#wasSeveral = false
    if (!known) {
      this.#alikeOf(first, told)
      return this.#take(answer, first, isMixed ? 'another' : 'goes-on')
    }
    // which server served what until now is unknown
    if (wasUnsure) return this.#take(answer, first, 'another')
    if (markedAs(known, first) === undefined) return this.#byCounters(known, answer, told.flat(), isMixed)
    return this.#byMarks(known, rounds.flat(), told, isMixed)
  }

  #isOdd(known: Known, now: Origin): boolean {
    const marked = markedAs(known, now)
    return (
      (marked !== undefined && marked !== 'same') ||
      (this.#wasSeveral && !this.#isSeveral) ||
      fallen(known, now).length > 0 ||
      appeared(known, now) > BEGINS_AT ||
      this.#leaps(known, now)
    )
  }

  /** Whether the answers of a moment are those of several servers. @param rounds each was asked for after the one before was answered */
  #areMixed(rounds: readonly (readonly Origin[])[]): boolean {
    return rounds.some((round, i) =>
      rounds.slice(i + 1).some((later) => round.some((a) => later.some((b) => this.#isAnother(a, b)))),
    )
  }

  /** The answers with the marks of one, and whether they are of several servers all the same, such as workers that were forked at one moment. */
  #alikeOf(one: Origin, told: readonly (readonly Origin[])[]): { alike: Origin[]; areTwins: boolean } {
    const alike = told.map((round) => round.filter((other) => markedAs(one, other) === 'same'))
    const areTwins = this.#areMixed(alike)
    if (areTwins) this.#twinsMs = this.#nowMs()
    return { alike: alike.flat(), areTwins }
  }

  /** Whether an answer that was asked for right after another one is of another server. */
  #isAnother(before: Origin, after: Origin): boolean {
    const marked = markedAs(before, after)
    return (
      (marked !== undefined && marked !== 'same') ||
      fallen(before, after).length > 0 ||
      (before.counters.size === 0 && appeared(before, after) > BEGINS_AT) ||
      grownBy(before, after) > Math.max(LEAPS_BY, (FASTER * this.#provenPerS * AGAIN_MS) / 1000)
    )
  }

  get #provenPerS(): number {
    return this.#proven.perS ?? 0
  }

  get #isSeveral(): boolean {
    return this.#nowMs() < this.#untilMs
  }
  #sign(standsMs = STANDS_MS): void {
    this.#untilMs = Math.max(this.#untilMs, this.#nowMs() + standsMs)
  }
  #perS(known: Known, now: Origin): number {
    return grownBy(known, now) / Math.max(1, (this.#nowMs() - known.atMs) / 1000)
  }

  /** Servers that can be told apart by their marks: of several, the one that is read is looked for among the answers. */
  #byMarks(
    known: Known,
    answers: readonly A[],
    told: readonly (readonly Origin[])[],
    isMixed: boolean,
  ): Heard<A> {
    const origins = told.flat()
    const own = origins.findIndex((origin) => markedAs(known, origin) === 'same')
    const [answer, origin] = [answers[Math.max(0, own)] as A, origins[Math.max(0, own)] as Origin]
    if (own >= 0) {
      const { alike, areTwins } = this.#alikeOf(known, told)
      return this.#byCounters(known, answer, alike, areTwins)
    }
    const marked = markedAs(known, origin)
    if (!isMixed && marked === 'newer' && (startedS(origin) ?? 0) * 1000 > known.atMs - CLOCK_MS)
      return this.#take(answer, origin, 'began')
    const stood = this.#isSeveral
    if (marked === 'older' || this.#hasLeft(origin)) this.#sign()
    const isAlive = this.#nowMs() - known.atMs < (isMixed ? GONE_MS : REPLACED_MS)
    // it was seen with others, or it has just been seen: it may answer again
    if (stood && isAlive) {
      this.#sign()
      return this.#heard(answer, 'away')
    }
    return this.#take(answer, origin, 'another')
  }

  /** @param origins of the answers that may be of the server that is known */
  #byCounters(known: Known, answer: A, origins: readonly Origin[], isMixed: boolean): Heard<A> {
    const [now = known, ...others] = origins
    const fell = fallen(known, now)
    const isBack = (other: Origin) => fallen(known, other).length === 0 && grownBy(now, other) > BEGINS_AT
    const returned = fell.length > 0 && others.some(isBack)
    if (isMixed || returned || this.#returnsAgain(known, now)) {
      this.#sign()
      return this.#take(answer, now, 'another')
    }
    if (fell.length === 0) return this.#goOn(answer, now, known)
    this.#proven.interrupted()
    this.#fellFrom = known
    if (this.#canHaveBegun(known, now, fell)) return this.#take(answer, now, 'began')
    if (this.#nowMs() - this.#fellMs < FALLS_MS) this.#sign(FALLS_MS)
    this.#fellMs = this.#nowMs()
    return this.#take(answer, now, 'fell')
  }

  /** A page of zeros, or a kept one, may be shown once in a while: the second time within a day it is a sign of two servers. */
  #returnsAgain(known: Known, now: Origin): boolean {
    if (!this.#hasReturned(known, now)) return false
    const beforeMs = this.#returnedMs
    this.#returnedMs = this.#nowMs()
    this.#fellFrom = undefined
    return this.#nowMs() - beforeMs < FALLS_MS
  }

  /** Whether counters that fell before are back where they were: a leap from where they fell to, and little from where they fell from. */
  #hasReturned(known: Known, now: Origin): boolean {
    const from = this.#fellFrom
    if (!from || this.#nowMs() - from.atMs > FALLS_MS || fallen(from, now).length > 0) return false
    return !this.#leaps(from, now) && RETURNS_BY * grownBy(from, now) < grownBy(known, now)
  }

  #leaps(known: Known, now: Origin): boolean {
    // one that goes on as it did needs no more questions, though its rate is not proven yet
    const usualPerS = FASTER * Math.max(this.#provenPerS, this.#proven.latelyPerS)
    return this.#perS(known, now) > Math.max(USUAL_PER_S, usualPerS)
  }

  #canHaveBegun(known: Known, now: Origin, fell: readonly string[]): boolean {
    const sum = ({ counters }: Origin) => fell.reduce((all, name) => all + (counters.get(name) ?? 0), 0)
    const perS = Math.min(BEGINS_MOST_PER_S, Math.max(BEGINS_PER_S, FASTER * this.#provenPerS))
    const most = Math.max(BEGINS_AT, (perS * (this.#nowMs() - known.atMs)) / 1000)
    return sum(now) <= Math.max(BEGINS_SMALL, Math.min(most, sum(known) / 2))
  }

  #hasLeft(origin: Origin): boolean {
    const nowMs = this.#nowMs()
    return this.#left.some((one) => nowMs - one.atMs < LEFT_MS && markedAs(one, origin) === 'same')
  }

  #goOn(answer: A, origin: Origin, known: Known): Heard<A> {
    if (this.#isFresh) this.#proven.took(grownBy(known, origin), this.#nowMs() - known.atMs)
    this.#known = {
      ...origin,
      marks: origin.marks.size > 0 ? origin.marks : known.marks,
      atMs: this.#nowMs(),
    }
    this.#isFresh = true
    const { several, certain } = this.#heard(answer, 'goes-on')
    return { answer, standing: several && !certain ? 'another' : 'goes-on', several, certain }
  }

  #take(answer: A, origin: Origin, standing: Standing): Heard<A> {
    const marked: MarkedAs | undefined = this.#known && markedAs(this.#known, origin)
    if (this.#known && marked !== undefined && marked !== 'same')
      this.#left = [...this.#left, this.#known].slice(-MOST_LEFT)
    this.#known = { ...origin, atMs: this.#nowMs() }
    this.#isFresh = true
    const heard = this.#heard(answer, standing)
    return heard.several && !heard.certain ? { ...heard, standing: 'another' } : heard
  }

  #heard(answer: A, standing: Standing): Heard<A> {
    const several = this.#isSeveral
    this.#wasSeveral ||= several
    return { answer, standing, several, certain: this.#isCertain }
  }

  get #isCertain(): boolean {
    return !!this.#known?.marks.size && this.#nowMs() - this.#twinsMs >= STANDS_MS
  }
}

function knownOf(value: unknown): Known | undefined {
  const { marks, atMs } = (value ?? {}) as Record<string, unknown>
  if (!Array.isArray(marks) || typeof atMs !== 'number') return undefined
  const pairs = marks.filter(
    (pair): pair is [string, number | string] =>
      Array.isArray(pair) && typeof pair[0] === 'string' && ['number', 'string'].includes(typeof pair[1]),
  )
  return pairs.length > 0 ? { marks: new Map(pairs), counters: new Map(), atMs } : undefined
}
