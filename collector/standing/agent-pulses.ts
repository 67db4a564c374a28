import type { StatusMessage } from '../../protocol/status.ts'
import type { Pulse, Why } from '../plugin/pulse.ts'
import type { HighWater } from '../plugin/store.ts'
import { type Outcome, whyRecordsStand } from './records-why.ts'

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
/** An agent that was told to wait may take so long after its pause. */
const TURN_MS = 60_000
/** An answer is heard within this, or it is not heard. */
const HEARD_MS = 5_000
/** The begin of a silence is told in whole seconds, and the message that tells it was on its way. */
const SINCE_MS = 1_500
/** Answers that are remembered: an agent that is not answered sends again every few seconds. */
const ANSWERS = 8

interface Known {
  status?: StatusMessage | undefined
  /** when that status came, steady ms */
  statusMs: number
  /** when a batch came last, dealt with or not */
  arrivedMs?: number
  /** when the first batch came that is not dealt with */
  inWorkMs?: number | undefined
  /** when a batch was dealt with last, and what became of it */
  batchMs?: number
  outcome?: Outcome
  /** when it was answered, the newest last */
  answersMs: number[]
}

/** The silence that an agent tells: no acknowledgement has come to it. */
interface Silence {
  /** s; absent: it tells none, or an answer is on its way to it */
  forS?: number
  /** since when, steady ms */
  sinceMs?: number
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

  /** A batch of this agent has come, and waits for its turn. */
  arrived(agentId: string): void {
    const known = this.#known.get(agentId)
    if (!known) return
    known.arrivedMs = this.#steadyMs()
    known.inWorkMs ??= known.arrivedMs
  }

  /** Intake has dealt with a message of this agent. */
  became(agentId: string, outcome: Outcome): void {
    const known = this.#known.get(agentId)
    // an agent that the live plane does not know has no pulse
    if (!known) return
    const { batchMs = Number.NEGATIVE_INFINITY } = known
    known.batchMs = this.#steadyMs()
    known.arrivedMs = known.batchMs
    if (outcome.kind !== 'told-to-wait') known.inWorkMs = undefined
    if (outcome.kind !== 'unreadable') known.answersMs = [...known.answersMs, known.batchMs].slice(-ANSWERS)
    // what comes behind records that are left to the agent does not follow on anything
    if (outcome.kind === 'gap' && known.outcome?.kind === 'kept') return
    // a question for the time tells nothing of records
    if (outcome.kind !== 'asked' || known.batchMs - batchMs > RECORDS_LIMIT_S * 1000) known.outcome = outcome
  }

  /** How long ago records of this agent came, s; undefined: none since the start. */
  recordsAgoS(agentId: string): number | undefined {
    const { arrivedMs } = this.#known.get(agentId) ?? {}
    return arrivedMs === undefined ? undefined : (this.#steadyMs() - arrivedMs) / 1000
  }

  pulses(agents: readonly AgentNow[]): Pulse[] {
    const present = new Set(agents.map(({ agentId }) => agentId))
    for (const agentId of this.#known.keys()) if (!present.has(agentId)) this.#known.delete(agentId)
    return agents.map((agent) => this.#pulse(agent))
  }

  #pulse(agent: AgentNow): Pulse {
    const { agentId, status, mark } = agent
    const now = this.#steadyMs()
    const known: Known = this.#known.get(agentId) ?? { statusMs: now, answersMs: [] }
    this.#known.set(agentId, known)
    if (known.status !== status) {
      known.status = status
      known.statusMs = now
    }
    const isFresh = status !== undefined && (now - known.statusMs) / 1000 <= STATUS_FRESH_S
    const silence = isFresh ? silenceOf(known, now) : {}
    return {
      part: 'records',
      name: agentId,
      moves: mark ? `${mark.epoch}/${mark.seq}` : '',
      waiting: this.#waiting(agent, known, isFresh, now),
      limitS: RECORDS_LIMIT_S,
      // an agent that does not hear its acknowledgements says so, though its records are stored
      ...(silence.forS === undefined ? {} : { stillS: silence.forS, toldLimitS: UNANSWERED_LIMIT_S }),
      why: () => this.#why(agentId, known, isFresh ? status : undefined, silence, now),
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
    agentId: string,
    { outcome, batchMs, inWorkMs }: Known,
    status: StatusMessage | undefined,
    silence: Silence,
    now: number,
  ): Why {
    // what became of a batch before the silence tells nothing of its cause
    const sinceMs = silence.sinceMs === undefined ? now - RECORDS_LIMIT_S * 1000 : silence.sinceMs - SINCE_MS
    return whyRecordsStand({
      site: this.#site,
      agentId,
      status,
      outcome: batchMs !== undefined && batchMs >= sinceMs ? outcome : undefined,
      inWorkS: inWorkMs === undefined ? undefined : (now - inWorkMs) / 1000,
      isUnanswered: silence.forS !== undefined,
    })
  }
}

/** An agent that was answered after it told its silence has still to say that it heard that. */
function silenceOf({ status, statusMs, answersMs }: Known, now: number): Silence {
  const { unansweredS, notStored, held } = status?.delivery ?? {}
  if (unansweredS === undefined) return {}
  const sinceMs = statusMs - unansweredS * 1000
  const silence = { forS: (now - sinceMs) / 1000, sinceMs }
  if (notStored !== undefined || held !== undefined) return silence
  const answered = answersMs.filter((ms) => ms >= sinceMs - SINCE_MS)
  const isDeaf = answered.some((ms) => ms + HEARD_MS <= statusMs)
  return isDeaf || answered.length === 0 ? silence : { sinceMs }
}
