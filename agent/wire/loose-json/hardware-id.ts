import { macOf } from './fields.ts'

/** One text for all spellings of a MAC or serial number. */
export const hardwareKey = (hardwareId: string): string =>
  macOf(hardwareId) ?? hardwareId.trim().toUpperCase()

/** A chip's DNA, or the id of a controller: stock Antminers and Avalons tell one. */
const CHIP_ID = /^[0-9a-f]{8,}$/i
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** What an id is an id of. One machine has several, and tells another one where the request for the first is refused. */
function kindOf(hardwareId: string): 'mac' | 'chip' | 'uuid' | 'serial' {
  const text = hardwareId.trim()
  if (macOf(text) !== undefined) return 'mac'
  if (UUID.test(text)) return 'uuid'
  return CHIP_ID.test(text) ? 'chip' : 'serial'
}

/** Whether two ids can't belong to one machine. Ids of different kinds, as a MAC and a serial number, can't be compared. */
export const isOtherHardware = (a: string, b: string): boolean =>
  kindOf(a) === kindOf(b) && hardwareKey(a) !== hardwareKey(b)

/**
 * The id by which a machine goes on to be known: the first one that it told, until it tells another of the same kind.
 * @param before the one until now @param now what it tells now
 */
export const lastingId = (before: string | undefined, now: string | undefined): string | undefined =>
  before === undefined || (now !== undefined && isOtherHardware(before, now)) ? now : before
