import type { DeviceClaim, NamedDevice } from '../plugin/claim-store.ts'
import { isAddress, isHardware } from './identity.ts'
import type { OpenClaim, Rival } from './key-owners.ts'

/** Which of two claims to one machine goes first, and what a change of keys means. */

/** A claim whose first record in a batch starts then. */
export interface Appearance extends NamedDevice {
  fromMs: number
}

export const isNamed = (a: NamedDevice, b: NamedDevice | undefined): boolean =>
  a.agentId === b?.agentId && a.deviceId === b.deviceId

/** Whether a claim goes before claims that have its machine: nothing of them was settled, and it was, or its records begin first. */
export const isBefore = (claim: OpenClaim, rivals: readonly Rival[]): boolean =>
  rivals.every(
    ({ owner }) =>
      !owner.settled &&
      (claim.settled ||
        (claim.fromMs !== undefined &&
          (owner.fromMs === undefined ||
            orderOf({ ...claim, fromMs: claim.fromMs }, { ...owner, fromMs: owner.fromMs }) < 0))),
  )

/**
 * Whether a device that tells this key told nothing to compare it with before: then it was that machine all the time. One that told
 * another MAC, serial number or address was exchanged, or moved.
 */
export const toldNothingLike = (key: string, before: readonly string[]): boolean =>
  !before.some(isAddress(key) ? isAddress : isHardware)

export const orderOf = (a: Appearance, b: Appearance): number =>
  a.fromMs - b.fromMs || compare(a.agentId, b.agentId) || compare(a.deviceId, b.deviceId)
/** An address is lent: the next owner has its own. */
export const lastingKeys = ({ keys, inherited = [] }: DeviceClaim): string[] =>
  [...keys, ...inherited].filter((key) => !isAddress(key))
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
