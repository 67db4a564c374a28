import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { type Deadline, deadlineOf, NoAnswer, withDeadline } from '../../protocol/kit/retry.ts'
import { ANOTHER_FIRMWARE } from '../plugin/driver.ts'
import { isRow } from '../wire/loose-json/fields.ts'
import { CREDENTIALS } from '../wire/web-auth.ts'
import type { AsicFacts } from './facts.ts'

/** A poll's deadline where its signal does not tell it: the default of the setting `timeout`. */
const UNTOLD_MS = 5_000
/** A machine that is slow at its other requests still gets this long for each answer. */
const LEAST_MS = 100

const untold = (): Deadline => ({
  ms: UNTOLD_MS,
  atMs: performance.now() + UNTOLD_MS,
  isFlexible: false,
  extend: () => undefined,
})

/** Of a deadline that moves with each answer one request may take nearly all: one that is answered gives the others their time back. */
const MOST_OF_FLEXIBLE = 0.8

interface Failure {
  error: unknown
  /** the answer did not come in its time */
  late: boolean
  /** it was a request of `supplement` */
  aside: boolean
}

/**
 * The answers of one poll. Each stands alone: a request that is refused, or whose answer is malformed, empty or late, does not
 * cost the answers of the other requests.
 */
export class Answers {
  readonly failures: Failure[] = []
  readonly deadline: Deadline

  /** @param signal the poll's */
  constructor(signal: AbortSignal) {
    this.deadline = deadlineOf(signal) ?? untold()
  }

  /** Why nothing is known of the machine, where nothing is; undefined: every request was answered. */
  get failure(): Error | undefined {
    const main = this.failures.filter(({ aside }) => !aside)
    const counted = main.length > 0 ? main : this.failures
    if (counted.length === 0) return undefined
    const spoken = counted.find(({ late }) => !late)?.error
    if (spoken === undefined) return new NoAnswer(`no reply in ${this.deadline.ms} ms`)
    return spoken instanceof Error ? spoken : new Error(reasonOf(spoken))
  }

  /** What the operator must know of failed requests: the machine refuses his login. */
  get notes(): string[] {
    const refused = this.failures.filter(({ error }) => wantsLogin(error))
    return [...new Set(refused.map(({ error }) => reasonOf(error)))]
  }
}

interface Scope {
  answers: Answers
  /** when its time is over, ms of `performance.now()`; absent: at the poll's deadline */
  atMs?: number
  aside: boolean
}

const scopes = new WeakMap<AbortSignal, Scope>()

/** Makes a poll's requests by this signal, and by `supplement` under it, add to these answers. */
export const openScope = (signal: AbortSignal, answers: Answers): void =>
  void scopes.set(signal, { answers, aside: false })

const scopeOf = (signal: AbortSignal): Scope => {
  if (!scopes.has(signal)) openScope(signal, new Answers(signal))
  return scopes.get(signal) as Scope
}

/** A part of the time that is left, so that the requests after a silent one still have theirs. */
function patienceMs({ answers, atMs }: Scope): number {
  const { deadline } = answers
  const part = deadline.isFlexible && atMs === undefined ? MOST_OF_FLEXIBLE : 0.5
  return Math.max(LEAST_MS, ((atMs ?? deadline.atMs) - performance.now()) * part)
}

/**
 * One request of a poll, whose failure costs its own answer only.
 * @param signal the one that the session gave
 * @returns undefined where the request is refused, its answer is malformed, empty or late, or the poll's own deadline has passed:
 *   what was answered until then still counts
 * @throws `another-firmware`
 */
export async function alone<T>(
  signal: AbortSignal,
  request: (wait: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const scope = scopeOf(signal)
  return attempt(signal, scope, patienceMs(scope), async (wait) => {
    const answer = await request(wait)
    if (isRow(answer) && Object.keys(answer).length === 0)
      throw new PerwattError('malformed', 'an answer is empty; check the firmware')
    return answer
  })
}

/**
 * Facts from a machine's second interface, whose failure must not fail the poll. Refused credentials become a note of the session.
 * @returns no facts where it fails
 * @throws as `alone`
 */
export async function supplement(
  work: (signal: AbortSignal) => Promise<AsicFacts>,
  signal: AbortSignal,
): Promise<AsicFacts> {
  const scope = scopeOf(signal)
  const ms = patienceMs(scope)
  const inner = { answers: scope.answers, atMs: performance.now() + ms, aside: true }
  const facts = await attempt(signal, inner, ms, (wait) => {
    scopes.set(wait, inner)
    return work(wait)
  })
  return facts ?? {}
}

/** Whether the poll has time for one more request. */
export const hasTimeLeft = (signal: AbortSignal): boolean =>
  scopeOf(signal).answers.deadline.atMs - performance.now() > LEAST_MS

/** A login that is refused, or a page that answers without one 401 or 403. */
const wantsLogin = (error: unknown): boolean =>
  codeOf(error) === CREDENTIALS || / answers 40[13]\b/.test(reasonOf(error))

const codeOf = (error: unknown): string | undefined =>
  error instanceof PerwattError ? error.code : undefined

async function attempt<T>(
  signal: AbortSignal,
  { answers, aside }: Scope,
  ms: number,
  work: (wait: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  let wait: AbortSignal | undefined
  try {
    const begin = (own: AbortSignal) => {
      wait = own
      return work(own)
    }
    const answer = await withDeadline(begin, ms, signal)
    answers.deadline.extend()
    return answer
  } catch (error) {
    if (codeOf(error) === ANOTHER_FIRMWARE) throw error
    const late = signal.aborted || wait?.reason instanceof NoAnswer
    // a refusal is an answer too
    if (codeOf(error) === 'miner-refused') answers.deadline.extend()
    answers.failures.push({ error, late, aside })
    return undefined
  }
}
