import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { deadlineOf, withDeadline } from '../../protocol/kit/retry.ts'
import { ANOTHER_FIRMWARE, type Driver, type Session } from '../plugin/driver.ts'
import type { Reading } from '../plugin/reading.ts'
import { Trials } from './trials.ts'

const isAnotherFirmware = (error: unknown): error is PerwattError =>
  error instanceof PerwattError && error.code === ANOTHER_FIRMWARE

/** What a session of one driver has learnt: another driver can't know what it means. JSON. */
interface KnownOfFound {
  driver: string
  knows: unknown
}

/** @param remembered as `remembers` of a found session gave it @returns what the driver's own session has learnt; undefined: nothing */
export const knownBy = (driver: Driver, remembered: unknown): unknown => {
  const known = remembered as Partial<KnownOfFound> | null | undefined
  return known?.driver === driver.name ? known.knows : undefined
}

/** A session with the first of the drivers that reads the machine. */
export interface FoundSession extends Session {
  readonly driver: string
}

/**
 * A session of `driver: auto`. Where the likeliest driver does not read the machine, whatever the reason, the next one that recognises
 * the machine is tried in the same poll. A driver that has read it is kept; one that read only because a likelier one failed
 * is tried after that one, until that one has failed several times.
 * @param candidates the likeliest first
 * @param trials what earlier sessions found out
 */
export function foundSession(
  candidates: readonly [Driver, ...Driver[]],
  open: (driver: Driver) => Session,
  trials = new Trials(),
): FoundSession {
  trials.begin(candidates)
  const sessions = new Map<Driver, Session>()
  let driver = trials.order[0] ?? candidates[0]

  let known: KnownOfFound | undefined
  const take = () => {
    const session = sessions.get(driver)
    if (!session) return
    const knows = session.remembers?.()
    known = knows === undefined ? undefined : { driver: driver.name, knows }
  }
  const close = (besides?: Driver) => {
    take()
    for (const [each, session] of sessions)
      if (each !== besides) {
        session.close?.()
        sessions.delete(each)
      }
  }
  const readBy = async (candidate: Driver, signal: AbortSignal): Promise<Reading[]> => {
    const session = sessions.get(candidate) ?? open(candidate)
    sessions.set(candidate, session)
    const readings = await session.read(signal)
    driver = candidate
    trials.read(candidate)
    if (trials.proven) close(trials.proven)
    return readings
  }

  return {
    get driver() {
      return driver.name
    },
    async read(signal) {
      const { proven, order } = trials
      const failures: unknown[] = []
      for (const [i, candidate] of order.entries()) {
        const isLast = i === order.length - 1
        try {
          return await (isLast
            ? readBy(candidate, signal)
            : inPart(signal, (part) => readBy(candidate, part)))
        } catch (error) {
          // the agent stops, or the poll's time is over: that says nothing about the others
          if (signal.aborted && i > 0) break
          failures.push(error)
          trials.failed(candidate, isAnotherFirmware(error))
        }
      }
      throw whyUnread(failures, proven !== undefined)
    },
    close: () => close(),
    remembers() {
      take()
      return known
    },
  }
}

/** Of a deadline that moves with each answer: the next driver's first answer gives it its time back. */
const LIKELIEST_PART = 0.75

/** A part of the poll's time, so that a driver whose interface is silent leaves the rest to the next one; one that is answered goes on. */
function inPart<T>(signal: AbortSignal, work: (part: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = deadlineOf(signal)
  if (!deadline) return work(signal)
  const leftMs = deadline.atMs - performance.now()
  return deadline.isFlexible
    ? withDeadline(work, leftMs * LIKELIEST_PART, signal, Number.POSITIVE_INFINITY)
    : withDeadline(work, leftMs / 2, signal)
}

/** The likeliest driver's error that is more than "other firmware". */
function whyUnread(failures: readonly unknown[], wasProven: boolean): unknown {
  const other = failures.find((error) => !isAnotherFirmware(error))
  if (other !== undefined) return other
  const [first] = failures
  const next = wasProven
    ? 'it is detected again at the next poll'
    : 'no other driver recognises it: name its driver in the configuration'
  return new PerwattError(ANOTHER_FIRMWARE, `${whatOf(first)}; ${next}`, { cause: first })
}

/** The same session, whose error also says what to do where the configuration names the driver. */
export const advised = (session: Session): Session => ({
  async read(signal) {
    try {
      return await session.read(signal)
    } catch (error) {
      if (!isAnotherFirmware(error)) throw error
      const advice = 'check the driver that is set for it, or set driver: auto'
      throw new PerwattError(ANOTHER_FIRMWARE, `${whatOf(error)}; ${advice}`, { cause: error })
    }
  },
  close: () => session.close?.(),
  rest: () => session.rest?.(),
})

const whatOf = (error: unknown): string => reasonOf(error).replace(/;[^;]*$/, '')
