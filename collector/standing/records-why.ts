import type { StatusMessage } from '../../protocol/status.ts'
import { topic } from '../../protocol/topics.ts'
import type { Why } from '../plugin/pulse.ts'
import { storeCause, storeCure } from './store-cure.ts'

/** What became of an agent's last message, as intake tells it. */
export interface Outcome {
  kind: string
  reason?: string
  sent?: number
  known?: number
  pauseMs?: number
}

/** What is known of an agent whose records stand still. */
export interface RecordsFacts {
  site: string
  agentId: string
  /** absent where it is too old to tell of now */
  status: StatusMessage | undefined
  /** what became of its last batch; absent where none came since the records stand */
  outcome: Outcome | undefined
  /** since when a batch that came is not dealt with, s; absent: none waits */
  inWorkS: number | undefined
  /** whether the agent says that it is not answered */
  isUnanswered: boolean
}

const CLOCK_CURE =
  'correct the clock that is wrong (NTP: timedatectl on both computers); nothing is lost meanwhile'
/** A batch that came this long ago is not simply on its way to the store. */
const SLOW_S = 5
/** Acknowledgements that were late are awaited for this many times as long; then something else is the cause. */
const MUCH_LATER = 4

/** Where the records of an agent are stopped: in the collector, at the broker, or at the agent. */
export function whyRecordsStand(facts: RecordsFacts): Why {
  return inCollector(facts) ?? atBroker(facts) ?? atAgent(facts)
}

function inCollector({ agentId, status, outcome, inWorkS = 0 }: RecordsFacts): Why | undefined {
  const who = `agent ${agentId}`
  // an agent that was told so hears its answers
  // an agent of before tells what is left to it as not stored: what the collector did is known here
  const isKept = outcome?.kind === 'kept' || (outcome === undefined && status?.delivery?.held !== undefined)
  const told = isKept ? undefined : status?.delivery?.notStored
  const notStored = outcome?.kind === 'failed' ? outcome.reason : told
  if (notStored !== undefined)
    return {
      kind: 'store',
      what: 'records arrive and can’t be stored',
      cause: storeCause(notStored),
      cure: storeCure(notStored),
    }
  if (inWorkS >= SLOW_S)
    return {
      kind: 'slow',
      what: 'records arrive and are not stored yet',
      cause: `records of ${who} came ${Math.round(inWorkS)} s ago, and the store has not taken them yet`,
      cure: 'look at the store, at its disk and at the load of both computers; the agents keep their records meanwhile',
    }
  if (isKept)
    return {
      kind: 'kept',
      what: 'records arrive and are not taken yet',
      cause: `${who}: ${outcome?.reason ?? status?.delivery?.held}`,
      cure: CLOCK_CURE,
    }
  switch (outcome?.kind) {
    case 'earlier-epoch':
      return {
        kind: 'epoch',
        what: 'records arrive and are not taken',
        cause: `${who} numbers its records with epoch ${outcome.sent}, and the collector knows its epoch ${outcome.known}`,
        cure: `restart ${who}; if it stays so, another program has sent records under its name`,
      }
    case 'refused':
      return {
        kind: 'epoch',
        what: 'records arrive and are not taken',
        cause: `${who}: ${outcome.reason}`,
        cure: `it numbers its records again by itself; if it stays so: perwatt-collector agents reset ${agentId}`,
      }
    case 'unreadable':
      return {
        kind: 'unreadable',
        what: 'records arrive and can’t be read',
        cause: `${who}: ${outcome.reason}`,
        cure: 'run the same release of agent and collector',
      }
    default:
      return undefined
  }
}

function atBroker({ site, agentId, status, outcome, isUnanswered }: RecordsFacts): Why | undefined {
  const who = `agent ${agentId}`
  if (outcome && (isUnanswered || outcome.kind === 'repeated')) {
    const ack = topic(site, agentId, 'ack')
    return {
      kind: 'acknowledgement',
      // an agent that has had no answer yet does not know whether the clocks agree, and sends no record
      what:
        outcome.kind === 'asked'
          ? 'records wait, and the acknowledgements do not arrive'
          : 'records are stored, and the acknowledgements do not arrive',
      cause: `the collector answers ${who}, and it hears nothing: the broker does not pass on ${ack}`,
      cure: `let the user of ${who} read ${ack} at the broker (access control list), and let the collector write it`,
    }
  }
  if (!isUnanswered) return undefined
  const { triedBytes, lateS = 0, unansweredS = 0 } = status?.delivery ?? {}
  if (unansweredS < MUCH_LATER * lateS)
    return {
      kind: 'late',
      what: 'records wait at agents and are acknowledged late',
      cause: `${who} sends, and its last acknowledgement took ${Math.round(lateS)} s: the broker passes on late, or the collector is too busy to read`,
      cure: `look at the load and the disks of the computers of the broker and of the collector; ${who} keeps its records meanwhile`,
    }
  return {
    kind: 'dropped',
    what: 'records wait at agents and do not arrive',
    cause: `${who} sends, and the broker passes nothing on, not even a message of ${triedBytes ?? 'few'} bytes`,
    cure: `at the broker, let the user of ${who} write ${topic(site, agentId, 'intervals')}, let the collector read it (access control list), and allow messages of ${triedBytes ?? 'that many'} bytes and more`,
  }
}

function atAgent({ site, agentId, status }: RecordsFacts): Why {
  const who = `agent ${agentId}`
  const intervals = topic(site, agentId, 'intervals')
  if ((status?.spool?.held ?? 0) > 0)
    return {
      kind: 'clock',
      what: 'records wait until the clocks agree',
      cause: `${who} keeps its records: its clock and the collector's do not agree`,
      cure: CLOCK_CURE,
    }
  if (status)
    return {
      kind: 'unsent',
      what: 'records wait at agents and do not come',
      cause: `${who} says that records wait, and none arrives`,
      cure: `look at the log of ${who}; check at the broker that it may write ${intervals} and read ${topic(site, agentId, 'ack')}`,
    }
  return {
    kind: 'only-live',
    what: 'live messages come, and records do not',
    cause: `live messages of ${who} come, its records and its status do not`,
    cure: `at the broker, let the user of ${who} write ${intervals} and ${topic(site, agentId, 'status')}, and the collector read them (access control list)`,
  }
}
