import { counted } from '../../protocol/kit/counted.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { LedgerSums } from '../economics/ledger-row.ts'
import type { Change, Repricing } from '../plugin/audit-store.ts'
import { type HeldMark, WRONG_CLOCK } from '../plugin/held.ts'
import type { Store } from '../plugin/store.ts'
import { changedSums } from './changed-sums.ts'
import { storedFigures } from './minute-groups.ts'
import type { Pricing } from './pricing.ts'
import type { SettlerOptions } from './settler-options.ts'
import type { ClockMove } from './settling-clock.ts'

/** Taken back at once. */
const PIECE_MS = 360 * MINUTE_MS
const NOTHING: ReadonlyMap<string, LedgerSums> = new Map()

/**
 * Takes minutes back that were settled by a wrong clock, as if they never had been, and moves the begins of rules. Those that count
 * are found again by the search for unsettled minutes. The audit trail keeps the old figures. Rejects where the store fails; it may be
 * done again. @returns minutes that are settled once they are over
 */
export async function takeBack(
  move: ClockMove,
  {
    store,
    pricing,
    log,
    onSettled,
  }: Pick<SettlerOptions, 'onSettled'> & {
    store: Store
    pricing: Pricing
    log: Log
  },
  nowMs: number,
): Promise<number[]> {
  const taken: number[] = []
  const times = [...move.minutes.flat(), ...move.rules.flatMap(({ fromMs, toMs }) => [fromMs, toMs])]
  if (times.length === 0) return taken
  const repricing: Repricing = {
    id: `${iso(nowMs)}-clock`,
    atMs: nowMs,
    by: 'the collector',
    reason: reasonFor(move),
    fromMs: minuteOf(Math.min(...times)),
    toMs: minuteOf(Math.max(...times)) + MINUTE_MS,
    rulesVersion: '',
    quotes: [],
    doneMs: minuteOf(Math.max(...times)) + MINUTE_MS,
  }
  log.warn(repricing.reason, { from: iso(repricing.fromMs), to: iso(repricing.toMs) })
  await store.writeRepricing(repricing)
  await pricing.move(store, move.rules)
  for (const [fromMs, toMs] of move.minutes)
    for (let pieceMs = fromMs; pieceMs < toMs; pieceMs += PIECE_MS) {
      const endMs = Math.min(toMs, pieceMs + PIECE_MS)
      const settlements = await store.settlements(pieceMs, endMs)
      const figures = await storedFigures(store, pieceMs, endMs)
      const changes = [...figures].flatMap(([minuteMs, sums]): Change[] =>
        changedSums(sums, NOTHING).map((change) => ({ repricing: repricing.id, minuteMs, ...change })),
      )
      if (move.isAhead && move.byMs !== undefined)
        await putAside(move.byMs, { store, log, heldMs: nowMs }, pieceMs, endMs)
      const minutes = settlements.map(({ minuteMs }) => minuteMs)
      if (minutes.length === 0) continue
      await store.settle(minutes, [], { changes, takesBack: true })
      if (move.isAhead) for (const minute of minutes) taken.push(minute)
      // they lack no price any more
      onSettled(
        minutes,
        [],
        settlements.map(({ missing, ...settlement }) => ({ ...settlement, revision: 0 })),
      )
    }
  return taken
}

/** A leap was undone: records of times that have not been were made by it, whoever made them. */
async function putAside(
  byMs: number,
  { store, log, heldMs }: { store: Store; log: Log; heldMs: number },
  fromMs: number,
  toMs: number,
): Promise<void> {
  const marks = (await store.intervals(fromMs, toMs)).map(
    ({ agentId, deviceId, owner, startMs }): HeldMark => ({
      ...{ kind: 'quarantine', check: WRONG_CLOCK, agentId, deviceId, owner, startMs, heldMs },
      reason: `made while the collector's clock was ahead, which was set back later: they stand at times that had not been; give them the right ones with perwatt-collector quarantine take-in --agent ${agentId} --from ${iso(fromMs)} --to ${iso(toMs)} --shift ${Math.round(byMs / 1000)}`,
    }),
  )
  if (marks.length === 0) return
  await store.hold(marks)
  log.error(`${counted(marks.length, 'record')} put aside: ${marks[0]?.reason}`)
}

function reasonFor({ byMs, isAhead, rules }: ClockMove): string {
  const by = byMs === undefined ? '' : ` by ${Math.round(byMs / 1000)} s`
  const begins = rules.map(({ fromMs, toMs }) => `rules that began at ${iso(fromMs)} begin at ${iso(toMs)}`)
  if (isAhead)
    return `the clock was ahead and was set back: ${[...begins, 'what was settled ahead of it is taken back, and settled once it is over'].join('; ')}`
  return `the clock was set${by} before another one had confirmed it: ${[...begins, 'what was settled by it is taken back, and settled again where it counts'].join('; ')}`
}

const iso = (ms: number): string => new Date(Math.min(Math.max(ms, 0), 8.64e15)).toISOString()
