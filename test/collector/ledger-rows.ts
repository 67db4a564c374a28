import type { LedgerRow } from '../../collector/economics/ledger-row.ts'
import { zeroSums } from '../../collector/economics/ledger-row.ts'

/** A workload's rows of whole minutes, each the same, from a time on. */
export const minutesOf = (
  workload: string,
  fromMs: number,
  minutes: number,
  each: Partial<LedgerRow>,
): LedgerRow[] =>
  Array.from({ length: minutes }, (_, i) => ({
    ...zeroSums(),
    minuteMs: fromMs + i * 60_000,
    workload,
    agentId: 'edge-1',
    deviceId: 'rig-1',
    owner: '',
    container: '',
    rack: '',
    intervals: 1,
    ...each,
  }))
