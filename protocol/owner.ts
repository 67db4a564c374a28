import { z } from 'zod'
import { ofAtMost } from './kit/checker.ts'

/** Facts of one owner; what a pod is labelled with is passed by name, so a dozen is much. */
const MOST_FACTS = 64

/**
 * The owner of a machine's work, as raw facts: `{ poolUrl, poolUser }`, `{ namespace, pod, container }`,
 * `{ slurmJob, slurmAccount }`, `{ service, model }`. The empty object is no owner. The agent reports facts and the
 * collector's rules map them to workloads, so a new contract changes no agent, and past records can be priced again.
 */
export const OwnerSchema = ofAtMost(
  MOST_FACTS,
  z.record(
    z.string().regex(/^[a-z][A-Za-z0-9.]{0,63}$/, 'expected a fact name such as poolUser'),
    z.string().max(256),
  ),
)
export type Owner = Record<string, string>

export const NOBODY: Owner = Object.freeze({})
/** The owner of mining work whose pool the machine does not tell: somebody is paid for it. A rule with `poolUrl: "*"` takes it. */
export const UNKNOWN_POOL: Owner = Object.freeze({ poolUrl: 'unknown' })
export const isUnknownPool = (owner: Owner): boolean => owner['poolUrl'] === UNKNOWN_POOL['poolUrl']

/** The owner's part of an interval's key: the same text for the same facts in any order. */
export function ownerKey(owner: Owner): string {
  return Object.keys(owner)
    .sort()
    .map((name) => `${name}=${owner[name]}`)
    .join(';')
}

/** An owner's share of a machine at a moment. What all shares leave of 1 has no owner. */
export interface Holder {
  owner: Owner
  /** 0 to 1 */
  share: number
  /**
   * The owner's part of the machine's energy, 0 to 1, where it differs from the part that he holds: on a divided GPU idle power goes by
   * slices and the rest by activity. Absent: it is `share`. A list of holders has it at all of them or at none.
   */
  energyShare?: number
  /** true: the machine is split between several, so nobody measured this part of its energy; live messages leave this out */
  estimated?: boolean
}

/** The owner's part of the machine's energy, 0 to 1. */
export const energyShareOf = ({ share, energyShare }: Holder): number => energyShare ?? share
