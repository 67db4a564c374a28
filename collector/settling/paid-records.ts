import { intervalKey } from '../../protocol/interval.ts'
import type { AgentInterval } from '../economics/ledger-row.ts'
import { ENERGY_ALONE, type HeldRecord } from '../plugin/held.ts'
import { ALL_HELD } from '../plugin/held-store.ts'
import type { Store } from '../plugin/store.ts'

/**
 * The records of a time that are in the ledger: those that count, and of those whose energy alone is in doubt, because the meter above contradicts
 * it, the rest. Rejects where the store fails.
 */
export async function paidRecords(
  store: Pick<Store, 'intervals' | 'held'>,
  fromMs: number,
  toMs: number,
): Promise<AgentInterval[]> {
  const counting = await store.intervals(fromMs, toMs)
  const times = { fromMs, toMs }
  const doubted = await store.held({ ...times, kinds: ['doubt'], checks: [ENERGY_ALONE] }, ALL_HELD)
  const pending = doubted.filter(({ state, record }) => state !== 'accepted' && hasWork(record))
  if (pending.length === 0) return counting
  const agents = [...new Set(pending.map(({ record }) => record.agentId))]
  const devices = [...new Set(pending.map(({ record }) => record.deviceId))]
  const all = await store.held({ ...times, agents, devices }, ALL_HELD)
  const otherwise = new Set(
    all
      .filter(({ check, state }) => check !== ENERGY_ALONE && state !== 'accepted')
      .map(({ record }) => keyOf(record)),
  )
  return [
    ...counting,
    ...pending.flatMap(({ record }) => (otherwise.has(keyOf(record)) ? [] : [withoutEnergy(record)])),
  ]
}

/** Held records with what they are held back of: their energy alone where the rest is in the ledger. */
export function heldBackParts(
  held: readonly HeldRecord[],
  paid: readonly AgentInterval[],
): readonly HeldRecord[] {
  const partly = new Set(paid.filter(({ energyIsHeld }) => energyIsHeld).map(keyOf))
  if (partly.size === 0) return held
  return held.map((entry) =>
    partly.has(keyOf(entry.record)) ? { ...entry, record: energyOf(entry.record) } : entry,
  )
}

/** What earns beside energy. */
const hasWork = (record: AgentInterval): boolean => {
  const {
    workDiff1 = 0,
    estimatedWorkDiff1 = 0,
    gpuMs = 0,
    busyGpuMs = 0,
    tokensIn = 0,
    tokensOut = 0,
  } = record
  return workDiff1 + estimatedWorkDiff1 + gpuMs + busyGpuMs + tokensIn + tokensOut > 0
}

function withoutEnergy(record: AgentInterval): AgentInterval {
  const { energyMilliJ: _in, exportedMilliJ: _out, powerBasis: _basis, ...rest } = record
  return { ...rest, energyIsHeld: true }
}

function energyOf(record: AgentInterval): AgentInterval {
  const { agentId, deviceId, owner, startMs, durationMs, energyMilliJ, exportedMilliJ } = record
  return {
    agentId,
    deviceId,
    owner,
    startMs,
    durationMs,
    coveredMs: 0,
    ...(energyMilliJ === undefined ? {} : { energyMilliJ }),
    ...(exportedMilliJ === undefined ? {} : { exportedMilliJ }),
  }
}

const keyOf = (record: AgentInterval): string => `${record.agentId}|${intervalKey(record)}`
