import { z } from 'zod'
import { DEVICE_KINDS, type Device, DeviceSchema } from './device.ts'
import { knownWord } from './known-word.ts'
import { ProgramSchema } from './program.ts'
import { LifeIdSchema } from './spool-life.ts'

/** The longest pause that a collector imposes, ms; an agent waits no longer, whatever it is sent. */
export const LONGEST_PAUSE_MS = 5 * 60_000

const ms = z.number().int().nonnegative()

/** Records that wait at an agent until the collector acknowledges them. */
const SpoolStatusSchema = z.object({
  records: ms,
  /** on disk */
  bytes: ms.optional(),
  /** start of the oldest record that is not acknowledged, Unix ms */
  oldestMs: ms.optional(),
  /** records that were dropped before the collector had them, since the spool began */
  lost: ms,
  /** start of the first and of the last lost record, Unix ms */
  lostFromMs: ms.optional(),
  lostToMs: ms.optional(),
  /** what was found of another agent in a copied folder, and is not sent */
  setAside: z.object({ site: z.string().max(64), agent: z.string().max(64), records: ms }).optional(),
  /** other than `ok`: records wait in memory alone, and a stop of the agent loses them */
  disk: knownWord(['ok', 'full', 'read-only', 'failed'])
    // a condition that this version has no word for is still none that is ok
    .transform((condition) => condition ?? 'failed')
    .optional(),
  /** of the waiting records: those that are not sent before the agent's clock and the collector's agree */
  held: ms.optional(),
})
export type SpoolStatus = z.infer<typeof SpoolStatusSchema>

/** A size of message that a broker passes on, and one that it does not, bytes. */
const SizeLimitSchema = z.object({ arrivedBytes: ms, lostBytes: ms })
export type SizeLimit = z.infer<typeof SizeLimitSchema>

/** How an agent's records get through, as the agent sees it. */
const DeliveryStatusSchema = z.object({
  /** how long records were sent and none was acknowledged, s; absent while acknowledgements come */
  unansweredS: z.number().nonnegative().optional(),
  /** the smallest message that was tried in that time, bytes */
  triedBytes: ms.optional(),
  /** how long the last acknowledgement took, s; absent while they come within 10 s */
  lateS: z.number().nonnegative().optional(),
  /** found by halving: larger messages do not arrive */
  limit: SizeLimitSchema.optional(),
  /** why the collector received records and did not store them, in its words */
  notStored: z.string().max(512).optional(),
  /** why the collector received records and does not take them yet, in its words */
  held: z.string().max(512).optional(),
})
export type DeliveryStatus = z.infer<typeof DeliveryStatusSchema>

/** Retained. The broker publishes `offline` (the last will) when it loses the connection. */
export const StatusMessageSchema = z.object({
  v: z.literal(1),
  state: z.enum(['online', 'offline']),
  /** agent's clock, Unix ms */
  atMs: ms,
  /** perwatt's version */
  version: z.string().max(64),
  /** true: the agent reads emulated machines, whose data must never be mixed with real data */
  simulated: z.boolean(),
  /** the longest interval at which it reads a device now, s; a sample older than three of them is stale */
  pollS: z.number().positive().max(3600),
  spool: SpoolStatusSchema.optional(),
  delivery: DeliveryStatusSchema.optional(),
  /** collector's clock minus the agent's, ms, from the last acknowledgement */
  clockOffsetMs: z.number().optional(),
  /** whether NTP keeps the agent's clock, as its kernel says; absent where that can't be read */
  clockSynchronised: z.boolean().optional(),
  /** which program it is, and where; absent: an older agent */
  program: ProgramSchema.optional(),
  /** another program that has this agent's name, seen in the last quarter of an hour */
  namesake: ProgramSchema.optional(),
})
export type StatusMessage = z.infer<typeof StatusMessageSchema>

/** Whether this version has a word for the device's kind. */
const isKnown = (device: { kind: unknown }): device is Device => device.kind !== undefined

/** Devices of one agent, in however many messages. */
export const MAX_INVENTORY_DEVICES = 50_000
const MAX_INVENTORY_PARTS = 10_000

/**
 * Every device that the agent reads. Retained where it is one message. Where the broker lets no message of that size through, it
 * comes in parts, which are not retained. A device of a kind that only a newer agent knows is left out.
 */
export const InventoryMessageSchema = z.object({
  v: z.literal(1),
  /** of no two inventories of an agent the same; all parts of one have the same */
  atMs: ms,
  simulated: z.boolean(),
  /** present: `devices` are those of this part alone */
  part: z
    .object({
      index: z.number().int().nonnegative().max(MAX_INVENTORY_PARTS),
      of: z.number().int().positive().max(MAX_INVENTORY_PARTS),
    })
    .refine(({ index, of }) => index < of, { error: 'there are fewer parts' })
    .optional(),
  devices: z
    .array(DeviceSchema.extend({ kind: knownWord(DEVICE_KINDS) }))
    .max(MAX_INVENTORY_DEVICES)
    .transform((devices) => devices.filter(isKnown)),
})
export type InventoryMessage = z.infer<typeof InventoryMessageSchema>

/** Collector to agent: the store has every record up to `seq` of `epoch`, so they may leave the spool. */
export const AckMessageSchema = z.object({
  v: z.literal(1),
  epoch: ms,
  /** life that the epoch belongs to; absent: an older collector, or the life of an older agent */
  life: LifeIdSchema.optional(),
  seq: ms,
  /** present: the batch was refused, because its epoch is later than this, the latest that can be; number again below it */
  latestEpoch: ms.optional(),
  /** records that the agent may send before the next acknowledgement */
  creditRecords: z.number().int().positive(),
  /** true: a batch came that does not follow `seq`, so one was lost on the way; send again from seq + 1 */
  resend: z.boolean().optional(),
  /** wait before the next batch; set while many agents send a backlog at once */
  pauseMs: ms.optional(),
  /** collector's clock, Unix ms, halfway between the batch's arrival and this answer: waiting does not count as clock offset */
  atMs: ms,
  /** `sentAtMs` of the answered batch, agent's clock; with `atMs` and the time of arrival it gives the clock offset */
  echoSentAtMs: ms.optional(),
  /** true: most clocks agree with the collector's, and not with the agent's */
  clockIsWrong: z.boolean().optional(),
  /** why records went into quarantine instead of the ledger, for the agent's log */
  quarantined: z.string().max(512).optional(),
  /** why records that came are not taken yet: the agent keeps them, and sends them again */
  held: z.string().max(512).optional(),
  /** the batch arrived, and could not be stored for this reason: `seq` has not moved, and the agent sends it again later */
  notStored: z.string().max(512).optional(),
  /**
   * The inventory that came last: its `atMs`, 0 where none came, and which of its parts are missing. Always there from a collector
   * that understands parts; an older one has no such field.
   */
  inventory: z.object({ atMs: ms, missing: z.array(ms).max(MAX_INVENTORY_PARTS) }).optional(),
})
export type AckMessage = z.infer<typeof AckMessageSchema>

/** Collector to all agents when it starts: publish status and inventory again, because a restarted broker has lost retained messages. */
export const HelloMessageSchema = z.object({ v: z.literal(1), atMs: ms, version: z.string().max(64) })
export type HelloMessage = z.infer<typeof HelloMessageSchema>
