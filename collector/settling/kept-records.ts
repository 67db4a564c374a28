import type { AgentInterval } from '../economics/ledger-row.ts'
import { behindSite } from './behind-site.ts'
import { holdDoubtful } from './meter-doubts.ts'
import { recordsByMinute } from './minute-groups.ts'
import { paidRecords } from './paid-records.ts'
import type { SettlerOptions } from './settler-options.ts'

/**
 * The records of a time by minute, once what is doubtful is held. Rejects where the store fails.
 * @returns also the minutes before this time of which something is held now: they are to be settled again
 */
export async function keptRecords(
  options: SettlerOptions,
  fromMs: number,
  toMs: number,
): Promise<{ kept: Map<number, AgentInterval[]>; earlier: number[] }> {
  const { store, pricing } = options
  const devices = behindSite(options.devices, pricing.present.siteMeter)
  const told = recordsByMinute(await paidRecords(store, fromMs, toMs))
  const doubted = [...(await holdDoubtful(told, devices, options))]
  return {
    kept: doubted.length === 0 ? told : recordsByMinute(await paidRecords(store, fromMs, toMs)),
    earlier: doubted.filter((minute) => minute < fromMs),
  }
}
