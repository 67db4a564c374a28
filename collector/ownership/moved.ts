import type { DeviceClaim } from '../plugin/claim-store.ts'
import { isAddress, isHardware } from './identity.ts'
import type { Rival } from './key-owners.ts'
import { wasPaidBefore } from './paid-share.ts'
import { toldNothingLike } from './precedence.ts'

/**
 * A machine that moves onto an address that another agent's device has, as when a lease of DHCP changes. The address is all that both have,
 * and it is lent: it proves less than a MAC or a serial number.
 */

/**
 * Whether a device that tells other keys than before, and shares addresses alone with the claims that have them, keeps its machine. One with the MAC or
 * serial number that it always told does. One without any does where the others tell none either, and were hardly paid there: else who
 * was paid first at that address has it.
 * @param before what it told before
 */
export function keepsItsMachine(
  claim: DeviceClaim,
  before: readonly string[],
  rivals: readonly Rival[],
): boolean {
  if (!claim.settled || !rivals.every(({ key }) => isAddress(key))) return false
  // a miner that its agent calls a server now was never paid for a server's work
  const kinds = new Set([...before, ...claim.keys].filter(isAddress).map((key) => key.split(' ', 2)[1]))
  if (kinds.size > 1) return false
  if (before.some(isHardware)) return tellsNoOther(claim.keys, before)
  return rivals.every(
    ({ owner, key }) => !toldNothingLike(key, before) && !hasHardware(owner) && wasPaidBefore(claim, owner),
  )
}

/**
 * Whether a claim to an address gives way to the machine that has moved there: it tells an address alone, and came later than that machine or was hardly
 * paid. Else the machine that moves waits: late news count against who sends them.
 */
export const givesWay = (owner: DeviceClaim, moved: DeviceClaim): boolean =>
  !hasHardware(owner) && (cameBefore(moved, owner) || wasPaidBefore(moved, owner))

/** By the collector's clock, since records that begin early may be invented; by theirs where both were heard at once. */
const cameBefore = (a: DeviceClaim, b: DeviceClaim): boolean =>
  a.claimedMs === b.claimedMs
    ? a.fromMs !== undefined && (b.fromMs === undefined || a.fromMs < b.fromMs)
    : a.claimedMs < b.claimedMs

/** A machine that could not be asked for its MAC this time tells none, which is no other. */
function tellsNoOther(keys: readonly string[], before: readonly string[]): boolean {
  const hardware = keys.filter(isHardware)
  return hardware.length === 0 || hardware.some((key) => before.includes(key))
}

const hasHardware = ({ keys }: DeviceClaim): boolean => keys.some(isHardware)
