import { z } from 'zod'
import { ofAtMost } from './kit/checker.ts'
import { knownWord } from './known-word.ts'

/** A name that is one level of a topic: no MQTT wildcard and no slash. */
export const NameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'expected 1 to 64 letters, digits, ".", "_" or "-", beginning with a letter or digit',
  )

/** A device's name within its site. A part of a machine is named after it: `gpu-01/gpu3`. */
export const DeviceIdSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(\/[A-Za-z0-9][A-Za-z0-9._-]{0,63})?$/,
    'expected a name, or machine/part',
  )

export const DEVICE_KINDS = ['asic', 'gpu', 'host', 'meter', 'service'] as const
export type DeviceKind = (typeof DEVICE_KINDS)[number]

/** What a meter of own generation measures: its power is positive while it generates, or while the battery discharges. */
export const GENERATES = ['solar', 'generator', 'battery'] as const

/** Where a device stands, as the site labels its places: free text, each level optional. */
export const LocationSchema = z.object({
  container: z.string().min(1).max(64).optional(),
  rack: z.string().min(1).max(64).optional(),
  slot: z.string().min(1).max(64).optional(),
})
export type Location = z.infer<typeof LocationSchema>

/** The `algorithm` of a miner that shows by nothing what it hashes. */
export const UNKNOWN_ALGORITHM = 'unknown'

/** How the fault of a miner begins whose signs of its algorithm contradict each other: its algorithm is `unknown`. */
export const CONTRADICTING_SIGNS = 'the signs of what it hashes contradict each other'

/** How the fault of a miner begins that mines for a pool of another coin with Bitcoin's algorithm: its algorithm is `unknown`. */
export const PAYS_OTHER_COIN = 'its pool pays another coin of the same algorithm'

const MOST_TAGS = 64

/** An entry of the inventory: what a device is. Unknown is absent. */
export const DeviceSchema = z.object({
  deviceId: DeviceIdSchema,
  kind: z.enum(DEVICE_KINDS),
  /** the driver that reads it */
  driver: z.string().max(64),
  model: z.string().max(128).optional(),
  firmware: z.string().max(128).optional(),
  /** hash algorithm where it is not SHA-256, or `unknown`: Bitcoin does not pay for its work */
  algorithm: z.string().max(32).optional(),
  /** MAC or serial number: the same after the address has changed */
  hardwareId: z.string().max(128).optional(),
  /** MAC at its address, by the agent's own network where the machine does not tell it */
  mac: z.string().max(32).optional(),
  /**
   * where the agent reaches it: the same text for the same place, whatever the driver and the name. An address that means another
   * place on each computer, such as 127.0.0.1, stands behind the computer's id; one of a private network has the network's name behind it.
   */
  address: z.string().max(256).optional(),
  /** the computer that it is, or is a part of: a hash of its machine-id. Absent: it is none, or the agent does not run on it */
  computer: z.string().max(128).toLowerCase().optional(),
  /** the name that the computer has for itself */
  hostname: z.string().max(253).optional(),
  location: LocationSchema.optional(),
  ratedPowerW: z.number().positive().optional(),
  /** H/s by the maker's rating, or by the tuning profile in use */
  expectedHashrateHs: z.number().positive().optional(),
  /** for a host: whether its power is the whole machine's, GPUs included, or a part's, such as the processors' */
  measures: knownWord(['machine', 'part'])
    // a word of a newer agent is read as `part`: read as `machine`, this power would replace that of the host's GPUs
    .transform((what) => what ?? 'part')
    .optional(),
  /** H/s and W by the maker's rating of the model; where the model is unknown, those of the most similar one of its line */
  modelHashrateHs: z.number().positive().optional(),
  modelPowerW: z.number().positive().optional(),
  /** deviceId of the meter whose reading includes this device's energy */
  meteredBy: DeviceIdSchema.optional(),
  /** for a meter: it measures own generation, which the site uses beside what it draws from the grid */
  generates: knownWord(GENERATES)
    // a source of a new kind still feeds the site
    .transform((source) => source ?? 'generator')
    .optional(),
  /** labels from the configuration, for the collector's workload rules */
  tags: ofAtMost(MOST_TAGS, z.record(z.string().max(64), z.string().max(128))).optional(),
})
export type Device = z.infer<typeof DeviceSchema>
