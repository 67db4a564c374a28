import { macOf } from '../wire/loose-json/fields.ts'

/** One text for all spellings of a MAC or serial number. */
export const hardwareKey = (hardwareId: string): string =>
  macOf(hardwareId) ?? hardwareId.trim().toUpperCase()
