import { z } from 'zod'

/**
 * Whom a machine worked for, as raw facts: `{ poolUrl, poolUser }`, `{ namespace, pod, container }`,
 * `{ slurmJob, slurmAccount }`, `{ service, model }`. Nobody is the empty object. The agent reports facts; the
 * collector's rules map them to workloads, so a new contract touches no agent and the past can be priced again.
 */
export const OwnerSchema = z.record(
  z.string().regex(/^[a-z][A-Za-z0-9.]{0,63}$/, 'expected a fact name such as poolUser'),
  z.string().max(256),
)
export type Owner = Record<string, string>

export const NOBODY: Owner = Object.freeze({})

/** A text that is the same for the same facts in any order; the owner's part of an interval's key. */
export function ownerKey(owner: Owner): string {
  return Object.keys(owner)
    .sort()
    .map((name) => `${name}=${owner[name]}`)
    .join(';')
}

/** An owner's part of a machine at a moment, 0 to 1. What the parts leave belongs to nobody. */
export interface Holder {
  owner: Owner
  share: number
  /** the share is not measured: by memory, by MIG slices, or even; live messages leave it out */
  estimated?: boolean
}
