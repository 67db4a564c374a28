import type { StatusMessage } from '../../protocol/status.ts'
import { topic } from '../../protocol/topics.ts'
import type { Pulse, Why } from '../plugin/pulse.ts'
import type { HighWater } from '../plugin/store.ts'
import { storeCure } from './store-cure.ts'

/** What became of an agent's last message, as intake tells it. */
export interface Outcome {
  kind: string
  reason?: string
  sent?: number
  known?: number
  pauseMs?: number
}

/** One agent, as the collector knows it at a tick. */
export interface AgentNow {
  agentId: string
  /** whether its live messages come */
  online: boolean
  devices: number
  /** the same object until the next one comes */
  status?: StatusMessage | undefined
  mark?: HighWater | undefined
}

/** Records come every minute. Two that did not come stand still. */
const RECORDS_LIMIT_S = 100
/** The same where the agent itself says that it is not answered. */
const UNANSWERED_LIMIT_S = 45
/** Agents tell their status every minute. An older one tells nothing of now. */
const STATUS_FRESH_S = 90
const CLOCK_CURE =
  'correct the clock that is wrong (NTP: timedatectl on both computers); nothing is lost meanwhile'
/** An agent that was told to wait may take so long after its pause. */
const TURN_MS = 60_000

interface Known {
  status?: StatusMessage | undefined
  /** when that status came, steady ms */
  statusMs: number
  /** when a batch came last, and what became of it */
  batchMs?: number
  outcome?: Outcome
}

/** Whether the records of each agent move, and if not, where they are stopped: at the agent, the broker, or in the collector. */
export class AgentPulses {
  readonly #site: string
  readonly #steadyMs: () => number
  readonly #known = new Map<string, Known>()

  constructor(site: string, steadyMs: () => number) {
    this.#site = site
    this.#steadyMs = steadyMs
  }

  /** Intake has dealt with a message of this agent. */
  became(agentId: string, outcome: Outcome): void {
    const known = this.#known.get(agentId)
    // an agent that the live plane does not know has no pulse
    if (!known) return
    const { batchMs = Number.NEGATIVE_INFINITY } = known
    known.batchMs = this.#steadyMs()
    // a question for the time tells nothing of records
    if (outcome.kind !== 'asked' || known.batchMs - batchMs > RECORDS_LIMIT_S * 1000) known.outcome = outcome
  }

  pulses(agents: readonly AgentNow[]): Pulse[] {
    const present = new Set(agents.map(({ agentId }) => agentId))
    for (const agentId of this.#known.keys()) if (!present.has(agentId)) this.#known.delete(agentId)
    return agents.map((agent) => this.#pulse(agent))
  }

  #pulse(agent: AgentNow): Pulse {
    const { agentId, status, mark } = agent
    const now = this.#steadyMs()
    const known: Known = this.#known.get(agentId) ?? { statusMs: now }
    this.#known.set(agentId, known)
    if (known.status !== status) {
      known.status = status
      known.statusMs = now
    }
    const ageS = (now - known.statusMs) / 1000
    const isFresh = status !== undefined && ageS <= STATUS_FRESH_S
    const unansweredS = isFresh ? status.delivery?.unansweredS : undefined
    const silentS = unansweredS === undefined ? undefined : unansweredS + ageS
    return {
      part: 'records',
      name: agentId,
      moves: mark ? `${mark.epoch}/${mark.seq}` : '',
      waiting: this.#waiting(agent, known, isFresh, now),
      limitS: RECORDS_LIMIT_S,
      // an agent that does not hear its acknowledgements says so, though its records are stored
      ...(silentS === undefined ? {} : { stillS: silentS, toldLimitS: UNANSWERED_LIMIT_S }),
      why: () => this.#why(agent, known, isFresh, silentS, now),
    }
  }

  /** Records that wait at the agent; 1 where it is only known that some must. */
  #waiting({ online, devices, status }: AgentNow, known: Known, isFresh: boolean, now: number): number {
    const { outcome, batchMs = 0 } = known
    if (outcome?.kind === 'told-to-wait' && now < batchMs + (outcome.pauseMs ?? 0) + TURN_MS) return 0
    if (status?.state === 'offline') return 0
    if (isFresh && status?.spool) return status.spool.records
    return online && devices > 0 ? 1 : 0
  }

  #why(
    { agentId, status }: AgentNow,
    { outcome, batchMs }: Known,
    isFresh: boolean,
    silentS: number | undefined,
    now: number,
  ): Why {
    const who = `agent ${agentId}`
    const own = (channel: 'intervals' | 'ack' | 'status') => topic(this.#site, agentId, channel)
    const batchS = batchMs === undefined ? undefined : (now - batchMs) / 1000
    const arrives = batchS !== undefined && batchS < Math.max(silentS ?? 0, RECORDS_LIMIT_S)
    if (arrives && outcome?.kind === 'failed')
      return {
        kind: 'store',
        what: 'records arrive and can’t be stored',
        cause: `the store refuses or fails: ${outcome.reason}`,
        cure: storeCure(outcome.reason ?? ''),
      }
    if (arrives && outcome?.kind === 'earlier-epoch')
      return {
        kind: 'epoch',
        what: 'records arrive and are not taken',
        cause: `${who} numbers its records with epoch ${outcome.sent}, and the collector knows its epoch ${outcome.known}`,
        cure: `restart ${who}; if it stays so, another program has sent records under its name`,
      }
    if (arrives && outcome?.kind === 'refused')
      return {
        kind: 'epoch',
        what: 'records arrive and are not taken',
        cause: `${who}: ${outcome.reason}`,
        cure: `it numbers its records again by itself; if it stays so: perwatt-collector agents reset ${agentId}`,
      }
    if (arrives && outcome?.kind === 'kept')
      return {
        kind: 'kept',
        what: 'records arrive and are not taken yet',
        cause: `${who}: ${outcome.reason}`,
        cure: CLOCK_CURE,
      }
    if (arrives && outcome?.kind === 'unreadable')
      return {
        kind: 'unreadable',
        what: 'records arrive and can’t be read',
        cause: `${who}: ${outcome.reason}`,
        cure: 'run the same release of agent and collector',
      }
    if (arrives && (silentS !== undefined || outcome?.kind === 'repeated'))
      return {
        kind: 'acknowledgement',
        // an agent that has had no answer yet does not know whether the clocks agree, and sends no record
        what:
          outcome?.kind === 'asked'
            ? 'records wait, and the acknowledgements do not arrive'
            : 'records are stored, and the acknowledgements do not arrive',
        cause: `the collector answers ${who}, and it hears nothing: the broker does not pass on ${own('ack')}`,
        cure: `let the user of ${who} read ${own('ack')} at the broker (access control list), and let the collector write it`,
      }
    const { triedBytes } = status?.delivery ?? {}
    if (silentS !== undefined)
      return {
        kind: 'dropped',
        what: 'records wait at agents and do not arrive',
        cause: `${who} sends, and the broker passes nothing on, not even a message of ${triedBytes ?? 'few'} bytes`,
        cure: `at the broker, let the user of ${who} write ${own('intervals')}, let the collector read it (access control list), and allow messages of ${triedBytes ?? 'that many'} bytes and more`,
      }
    if (isFresh && (status?.spool?.held ?? 0) > 0)
      return {
        kind: 'clock',
        what: 'records wait until the clocks agree',
        cause: `${who} keeps its records: its clock and the collector's do not agree`,
        cure: CLOCK_CURE,
      }
    if (isFresh)
      return {
        kind: 'unsent',
        what: 'records wait at agents and do not come',
        cause: `${who} says that records wait, and none arrives`,
        cure: `look at the log of ${who}; check at the broker that it may write ${own('intervals')} and read ${own('ack')}`,
      }
    return {
      kind: 'only-live',
      what: 'live messages come, and records do not',
      cause: `live messages of ${who} come, its records and its status do not`,
      cure: `at the broker, let the user of ${who} write ${own('intervals')} and ${own('status')}, and the collector read them (access control list)`,
    }
  }
}
