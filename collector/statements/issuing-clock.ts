import { PerwattError } from '../../protocol/kit/errors.ts'
import type { Store } from '../plugin/store.ts'

/** The clock by which a month is over. */
export interface IssuingClock {
  /** whether another clock agrees with it, and none contradicts it */
  readonly isAgreed: boolean
  /** whether others contradict it, or it can't be right */
  readonly isWrong: boolean
}

/**
 * Refuses a statement of a month that may not be over: by a clock alone, which may be a day ahead, no bill is issued. A record from after
 * the month says that it is over, too.
 * @param clock absent: it is right
 * @throws PerwattError `incomplete`, or what the store rejects with
 */
export async function refuseByClock(
  number: string,
  endMs: number,
  {
    clock,
    store,
    nowMs,
  }: { clock?: IssuingClock; store: Pick<Store, 'newestRecordMs'>; nowMs: () => number },
): Promise<void> {
  const refuse = (why: string) => new PerwattError('incomplete', `${number} is not issued: ${why}`)
  const shows = `by this computer’s clock it is ${new Date(nowMs()).toISOString().slice(0, 16)} UTC`
  if (nowMs() < endMs) throw refuse('its month is not over; a draft can be read meanwhile')
  if (!clock) return
  if (clock.isWrong)
    throw refuse(
      `${shows}, and other clocks contradict it, so it is not known whether the month is over; check NTP (timedatectl), see the alert clock-skew, and issue it when the clocks agree`,
    )
  if (clock.isAgreed || ((await store.newestRecordMs()) ?? Number.NEGATIVE_INFINITY) >= endMs) return
  throw refuse(
    `${shows}, but nothing else says that the month is over: no agent was heard since the start or since the clock was set, and neither NTP nor a price server confirms it; check the date, start an agent or NTP (timedatectl), and issue it then`,
  )
}
