import type { Pulse } from '../plugin/pulse.ts'
import type { StorePulseSource } from '../plugin/store-health.ts'
import { storeCause, storeCure } from './store-cure.ts'

/** The calls that the collector repeats by itself until they succeed, and what does not happen while they fail; the gravest first. */
const CALLS: Readonly<Record<string, string>> = {
  open: 'the store can’t be opened',
  append: 'records are not stored',
  appendAll: 'records are not stored',
  settle: 'settled minutes are not stored',
  hold: 'settled minutes are not stored',
  writeQuotes: 'prices are not stored',
  writeSamples: 'samples for charts are not stored',
  quarantine: 'messages that were put aside are not stored',
  prune: 'old samples are not removed',
}
const NAMES = new Set(Object.keys(CALLS))
/** While one of these fails no record of any agent is stored. */
const OF_RECORDS = new Set(['open', 'append', 'appendAll'])

/** A call that fails again and again, or hangs, stands still after this. */
const LIMIT_S = 30

/** Whether the store takes what it is given: which of its calls fail or hang, since when, and why. */
export function storePulse(store: StorePulseSource): Pulse {
  const longest = store.trouble(NAMES)
  const gravest = Object.keys(CALLS).find((call) => store.trouble(new Set([call])))
  const { call, reason } = (gravest && store.trouble(new Set([gravest]))) || { call: 'append', reason: '' }
  return {
    part: 'store',
    // other calls may succeed: the one that fails does not move
    moves: longest ? 'fails' : store.done,
    waiting: longest ? 1 : 0,
    limitS: LIMIT_S,
    ...(longest && { stillS: longest.stillS }),
    why: () => ({
      kind: 'store',
      what: CALLS[call] ?? '',
      stops: OF_RECORDS.has(call) ? ['records', 'settling'] : ['settling'],
      cause: storeCause(reason, store.name),
      cure: storeCure(reason),
    }),
  }
}
