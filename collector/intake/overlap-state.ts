import { type Interval, type IntervalBatch, intervalKey } from '../../protocol/interval.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { HeldStore } from '../plugin/held-store.ts'
import { ALL_HELD } from '../plugin/held-store.ts'
import type { HighWater, Store } from '../plugin/store.ts'
import { isUneven, type LifeAccount, noteOthers, withoutLevel } from './life-account.ts'
import { type Lineage, lineageOf } from './lineage.ts'

/** What is stored is read in pieces of this: a batch of one agent seldom spans more. */
const SPAN_MS = 10 * MINUTE_MS

/** Machines that were off come back with records of the common time at most this much later. */
const KEPT_MS = 7 * 86_400_000

/** Accounts that are kept of one agent: few lives go on beside each other, and each renumbers when another had the turn. */
const ACCOUNTS_KEPT = 8

/** An account of a life at a number; of one life there may be several, while it was not level. */
interface Kept {
  life: string
  account: LifeAccount
}

/** The account of the life that sends, and up to which number its records are stored where a former account's number tells it. */
export interface OpenAccount {
  account: LifeAccount
  storedSeq?: number
}

type Numbers = Pick<IntervalBatch, 'epoch' | 'oldestSeq' | 'after'>

/** The account of the life that a batch comes from; undefined where no other life has recorded its time. */
export function accountOf(
  { epoch, oldestSeq, after = [] }: Numbers,
  { kind }: Lineage,
  mark: HighWater | undefined,
  nowMs: number,
): OpenAccount | undefined {
  const all = accountsOf(mark)
  if (kind !== 'went-back' && kind !== 'another-spool') {
    const account = all.findLast(({ life }) => life === (mark?.life ?? ''))?.account
    return account && isOpen(account, nowMs) ? { account } : undefined
  }
  // it goes on from the state of a former life: up to a number that both have, and from which on it still has all records
  const own = after
    .flatMap((a) => all.filter(({ life, account }) => life === a.life && account.seq <= a.seq))
    .filter(({ account }) => account.seq >= oldestSeq - 1)
    .reduce<LifeAccount | undefined>(
      (best, { account }) => (account.seq >= (best?.seq ?? 0) ? account : best),
      undefined,
    )
  return {
    account: {
      kind,
      ...(mark?.newestMs === undefined ? {} : { sinceMs: mark.newestMs }),
      beganMs: Math.min(epoch, nowMs),
      untilMs: nowMs,
      seq: own?.seq ?? 0,
      ...(own && !own.byTime ? {} : { byTime: true }),
      ...(own || after.length > 0 ? {} : { fresh: true }),
      devices: own?.devices ?? {},
      seen: [],
    },
    ...(own && { storedSeq: own.seq }),
  }
}

/**
 * What is kept with the mark, as JSON: the account of the life that sends, and of those that may return.
 * @param kept the records that this batch stores
 */
export function keptAccounts(
  { life = '', seq }: Pick<HighWater, 'life' | 'seq'>,
  account: LifeAccount | undefined,
  mark: HighWater | undefined,
  nowMs: number,
  kept: readonly Interval[],
): Pick<HighWater, 'overlap'> {
  if (!account) return {}
  const all = accountsOf(mark)
  const before = mark?.life
  if (before !== undefined && !all.some((one) => one.life === before)) {
    // the life that had the turn until now was level, and its numbers tell its place
    const { byTime: _, fresh: __, ...displaced } = { ...account, seq: mark?.seq ?? 0, devices: {} }
    all.push({ life: before, account: displaced })
  }
  const newest = all.findLast((one) => one.life === life)
  // a backup that was made when it was not level needs that state
  const others = all.filter((one) => one !== newest || isUneven(one.account))
  const open = others.filter((one) => isOpen(one.account, nowMs)).slice(1 - ACCOUNTS_KEPT)
  for (const other of open) noteOthers(other.account, kept)
  open.push({ life, account: { ...account, seq } })
  return {
    overlap: JSON.stringify(open.map((one) => ({ ...one, account: withoutLevel(one.account) }))),
  }
}

const isOpen = ({ untilMs }: LifeAccount, nowMs: number): boolean => Math.abs(nowMs - untilMs) < KEPT_MS

/** What a version kept that had no accounts is left out. */
function accountsOf(mark: HighWater | undefined): Kept[] {
  const kept: unknown = mark?.overlap === undefined ? [] : JSON.parse(mark.overlap)
  return Array.isArray(kept) ? kept : []
}

/**
 * Times of a width, [from, to), of which the stored records are needed to plan a batch: those of its records, and of the newest stored
 * one; where times tell the life's place, all back to where it was last. Empty where no other life of the spool can have recorded them.
 */
function neededSpans(
  batch: IntervalBatch,
  mark: HighWater | undefined,
  nowMs: number,
  widthMs: number,
): [fromMs: number, toMs: number][] {
  const lineage = lineageOf(batch, mark)
  const open = lineage.kind === 'behind' ? undefined : accountOf(batch, lineage, mark, nowMs)
  if (!open) return []
  const { byTime, devices, untilMs, sinceMs = nowMs } = open.account
  const numbers = new Set<number>()
  for (const { deviceId, startMs } of batch.intervals) {
    const { readFromMs = startMs, readToMs = startMs } = (byTime && devices[deviceId]) || {}
    const fromMs = Math.max(Math.min(startMs, readToMs), nowMs - KEPT_MS)
    const toMs = Math.min(Math.max(startMs, readFromMs), untilMs)
    for (let n = Math.floor(fromMs / widthMs); n * widthMs <= toMs; n++) numbers.add(n)
  }
  if (numbers.size > 0) numbers.add(Math.floor(sinceMs / widthMs))
  return [...numbers].sort((a, b) => a - b).map((n) => [n * widthMs, (n + 1) * widthMs])
}

/**
 * What the store has of an agent that is needed to plan a batch, held records too; nearly always nothing is. Rejects where the store fails.
 * @param planned records of the agent that are about to be stored with these
 */
export async function storedBeside(
  store: Pick<Store, 'intervals'> & Pick<HeldStore, 'held'>,
  { agentId, batch }: { agentId: string; batch: IntervalBatch },
  mark: HighWater | undefined,
  nowMs: number,
  planned: () => readonly Interval[] = () => [],
): Promise<Interval[]> {
  const stored = new Map<string, Interval>()
  for (const [fromMs, toMs] of neededSpans(batch, mark, nowMs, SPAN_MS)) {
    const held = await store.held({ agents: [agentId], fromMs, toMs }, ALL_HELD)
    for (const found of [
      ...(await store.intervals(fromMs, toMs, agentId)),
      ...held.map(({ record }) => record),
    ]) {
      const { agentId: of, ...record } = found
      if (of === agentId) stored.set(intervalKey(record), record)
    }
    for (const record of planned())
      if (record.startMs >= fromMs && record.startMs < toMs) stored.set(intervalKey(record), record)
  }
  return [...stored.values()]
}
