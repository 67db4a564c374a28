import { z } from 'zod'

/** A name that travels in a topic: letters, digits, `.`, `_`, `-`; no wildcard, no slash. */
export const NameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'expected 1 to 64 letters, digits, ".", "_" or "-", beginning with a letter or digit',
  )

/** A device's name within its site. A part of a machine has its machine's name before it: `gpu-01/gpu3`. */
export const DeviceIdSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(\/[A-Za-z0-9][A-Za-z0-9._-]{0,63})?$/,
    'expected a name, or machine/part',
  )

export const DEVICE_KINDS = ['asic', 'gpu', 'host', 'meter', 'service'] as const
export type DeviceKind = (typeof DEVICE_KINDS)[number]

/** Where a device stands. All parts are optional, and free text as the site's labels are. */
export const LocationSchema = z.object({
  container: z.string().min(1).max(64).optional(),
  rack: z.string().min(1).max(64).optional(),
  slot: z.string().min(1).max(64).optional(),
})
export type Location = z.infer<typeof LocationSchema>

/** What a device is, as far as anybody knows: the inventory's entry. Unknown is absent. */
export const DeviceSchema = z.object({
  deviceId: DeviceIdSchema,
  kind: z.enum(DEVICE_KINDS),
  /** the driver that reads it */
  driver: z.string().max(64),
  model: z.string().max(128).optional(),
  firmware: z.string().max(128).optional(),
  /** what it hashes, where that isn't SHA-256: its work is none that Bitcoin pays */
  algorithm: z.string().max(32).optional(),
  /** MAC or serial number: what stays when the address changes */
  hardwareId: z.string().max(128).optional(),
  location: LocationSchema.optional(),
  ratedPowerW: z.number().positive().optional(),
  /** H/s that the maker or the tuning promises */
  expectedHashrateHs: z.number().positive().optional(),
  /** deviceId of the meter that this device's energy is part of */
  meteredBy: DeviceIdSchema.optional(),
  /** free labels from the configuration, for the collector's rules */
  tags: z.record(z.string().max(64), z.string().max(128)).optional(),
})
export type Device = z.infer<typeof DeviceSchema>
