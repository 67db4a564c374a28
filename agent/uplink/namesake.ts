import { decode } from '../../protocol/codec.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { isLater, type Program, placeText } from '../../protocol/program.ts'
import { StatusMessageSchema } from '../../protocol/status.ts'

/** Pause of the second agent of a name before it tries again: doubled each time, up to the longest. */
const FIRST_PAUSE_MS = 15_000
const LONGEST_PAUSE_MS = 10 * 60_000
/** Another agent is told for this long after it was seen: it tries again more often. */
const TOLD_MS = 15 * 60_000
/** The other agent comes back within seconds; a connection that lasts longer was not ended by it. */
const TAKEN_OVER_MS = 30_000
/** A connection that lasts longer than this ends the doubling. */
const QUIET_MS = 2 * 60_000

export interface NamesakeOptions {
  program: Program
  agent: string
  log: Log
  /** steady clock, ms */
  nowMs: () => number
  random?: () => number
}

/**
 * Notices that another program has this agent's name. The broker ends the older connection of two with one client id, so each would end
 * the other's for ever. What shows it is the retained status: it was this program's own, and after a reconnect it is another's. Where the
 * broker then ends the connection soon, the other one is still there, and the later of the two rests.
 */
export class Namesake {
  readonly #o: NamesakeOptions
  readonly #random: () => number
  /** in the present connection, and in one before it */
  #publishes = false
  #hasPublished = false
  #pauses = 0
  #connectedAtMs: number | undefined
  #other: { program: Program; seenMs: number } | undefined
  /** another program's status was seen in the present connection */
  #isSuspect = false

  constructor(options: NamesakeOptions) {
    this.#o = options
    this.#random = options.random ?? Math.random
  }

  /** The other program of this name. */
  get other(): Program | undefined {
    const { program, seenMs = 0 } = this.#other ?? {}
    return this.#o.nowMs() - seenMs < TOLD_MS ? program : undefined
  }

  connected(): void {
    this.#connectedAtMs = this.#o.nowMs()
    this.#isSuspect = false
  }

  /** @returns ms to rest before the next try, where the other one came first and has just ended this connection */
  closed(): number | undefined {
    const lastedMs = this.#o.nowMs() - (this.#connectedAtMs ?? this.#o.nowMs())
    if (lastedMs > QUIET_MS) this.#pauses = 0
    this.#connectedAtMs = undefined
    this.#hasPublished ||= this.#publishes
    const { program, log, agent } = this.#o
    const other = this.#other?.program
    if (!this.#isSuspect || lastedMs > TAKEN_OVER_MS || !other || !isLater(program, other)) return undefined
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#pauses++, 20))
    const restMs = Math.round(pauseMs * (0.75 + 0.5 * this.#random()))
    log.warn('the other agent of this name has the connection; this one rests', {
      agent,
      other: placeText(other),
      restsS: Math.round(restMs / 1000),
    })
    return restMs
  }

  /** This program's own status is retained now. */
  published(): void {
    this.#publishes = true
  }

  /** @param payload of a message on the agent's own status topic */
  heard(payload: Uint8Array): void {
    const { program, agent, log, nowMs } = this.#o
    const message = decode(StatusMessageSchema, payload)
    const other = message.ok ? message.value.program : undefined
    // in the first connection it may be what an earlier run left, its last will too
    if (!other || other.instance === program.instance || !this.#hasPublished) return
    this.#other = { program: other, seenMs: nowMs() }
    this.#isSuspect = true
    log.error(
      'another agent has this name; stop it, or give one of the two a name and a spool.folder of its own',
      {
        agent,
        other: placeText(other),
      },
    )
  }
}
