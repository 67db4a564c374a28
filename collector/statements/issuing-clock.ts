import { PerwattError } from '../../protocol/kit/errors.ts'

/** The clock by which a month is over. */
export interface IssuingClock {
  /** whether a clock that is not this computer's own has agreed since the start, or since it was set, and none contradicts it */
  readonly isConfirmed: boolean
  /** whether others contradict it, or it can't be right */
  readonly isWrong: boolean
}

/**
 * Why no statement of a month can be issued by this clock, in words; undefined where one can. By a clock alone, which may be a day ahead,
 * no bill is issued. Records say nothing more: those of agents on this computer have its time.
 * @param endMs end of the month
 * @param clock absent: it is right
 */
export function whyNotOver(
  endMs: number,
  { clock, nowMs }: { clock?: IssuingClock | undefined; nowMs: () => number },
): string | undefined {
  const shows = `by this computer’s clock it is ${new Date(nowMs()).toISOString().slice(0, 16)} UTC`
  if (nowMs() < endMs) return 'its month is not over; a draft can be read meanwhile'
  if (!clock) return undefined
  if (clock.isWrong)
    return `${shows}, and other clocks contradict it, so it is not known whether the month is over; check NTP (timedatectl), see the alert clock-skew, and issue it when the clocks agree`
  if (clock.isConfirmed) return undefined
  return `${shows}, but no clock of another computer has confirmed it since the start, or since it was set: neither NTP, nor an agent that runs elsewhere, nor a price server. Agents on this computer have its own clock. Let NTP set it (timedatectl; a GPS receiver does where there is no network), or start an agent on another computer; drafts can be read, and nothing is lost by waiting`
}

/** @throws PerwattError `incomplete` where a month can't be issued by this clock */
export function refuseByClock(
  number: string,
  endMs: number,
  by: { clock?: IssuingClock | undefined; nowMs: () => number },
): void {
  const why = whyNotOver(endMs, by)
  if (why !== undefined) throw new PerwattError('incomplete', `${number} is not issued: ${why}`)
}
