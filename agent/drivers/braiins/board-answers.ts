import { reasonOf } from '../../../protocol/kit/errors.ts'
import type { CgminerClient } from '../../asic/cgminer-client.ts'
import { alone } from '../../asic/session.ts'
import type { CgminerReply } from '../../wire/cgminer/reply.ts'
import { rowsOf, textOf } from '../../wire/loose-json/fields.ts'

/** While bosminer starts, it has no hashboards to describe either. */
export const START_S = 600

/** Name of these answers among those that say that the machine was told to stop. */
export const BOARDS = 'boards'

const UNAVAILABLE = 'Unavailable'

/**
 * bosminer's answers about its boards. While it is paused or stopped it says "Unavailable" instead (UpstreamData/pyasic,
 * pyasic/miners/backends/braiins_os.py, `_is_mining`), whatever hashrate `summary` still shows. So they are asked at each poll.
 */
export class BoardAnswers {
  /** the model and the chips do not change: they stay while an answer is missing */
  #devdetails: CgminerReply | undefined
  #unavailable: boolean | undefined

  /** `devdetails` comes first in a poll. @throws as `alone` */
  async ask(
    client: CgminerClient,
    command: 'devdetails' | 'devs',
    signal: AbortSignal,
  ): Promise<CgminerReply | undefined> {
    const answer = await alone(signal, async (wait) => {
      try {
        return await client.ask(command, wait)
      } catch (error) {
        if (reasonOf(error).includes(`: ${UNAVAILABLE};`)) return UNAVAILABLE
        throw error
      }
    })
    const isFirst = command === 'devdetails'
    if (isFirst) this.#unavailable = undefined
    const reply = answer === UNAVAILABLE ? undefined : answer
    if (answer === UNAVAILABLE || (reply && saysUnavailable(reply))) this.#unavailable = true
    // a list without boards is no sign that they work: a stopped bosminer gives it too
    else if (rowsOf(reply?.body, command.toUpperCase()).length > 0) this.#unavailable ??= false
    if (!isFirst) return reply
    if (reply?.complete) this.#devdetails = reply
    return reply ?? this.#devdetails
  }

  /**
   * Whether they say that it was told to stop; undefined: none of them came.
   * @param hashrateHs that it shows: one that starts has none yet
   */
  sayStop(uptimeS: number | undefined, hashrateHs: number | undefined): boolean | undefined {
    if (this.#unavailable !== true) return this.#unavailable
    return (uptimeS ?? START_S) >= START_S || !!hashrateHs
  }

  /** The miner was away, and may return with other boards. */
  forget(): void {
    this.#devdetails = undefined
  }
}

/** Firmware that gives the word without an error. */
const saysUnavailable = ({ body }: CgminerReply): boolean =>
  textOf(rowsOf(body, 'STATUS')[0], 'Msg') === UNAVAILABLE
