import { z } from 'zod'
import { DeviceSchema } from './device.ts'

const ms = z.number().int().nonnegative()

/** What waits at an agent until the collector has it. */
const SpoolStatusSchema = z.object({
  records: ms,
  /** on disk */
  bytes: ms.optional(),
  /** about the start of the oldest record that waits */
  oldestMs: ms.optional(),
  /** records that went before the collector had them, since the spool began, and the time that they were about */
  lost: ms,
  lostFromMs: ms.optional(),
  lostToMs: ms.optional(),
  /** anything but `ok`: records wait in memory only, and a stop loses them */
  disk: z.enum(['ok', 'full', 'read-only', 'failed']).optional(),
})
export type SpoolStatus = z.infer<typeof SpoolStatusSchema>

/** Retained. `offline` is the last will, published by the broker when the connection is lost. */
export const StatusMessageSchema = z.object({
  v: z.literal(1),
  state: z.enum(['online', 'offline']),
  /** agent's clock */
  atMs: ms,
  /** perwatt's version */
  version: z.string().max(64),
  /** true where the agent reads emulated machines; such data is never mixed up with real data */
  simulated: z.boolean(),
  /** how often it reads its devices; a sample older than 3 of these is stale */
  pollS: z.number().positive(),
  spool: SpoolStatusSchema.optional(),
  /** collector's clock minus the agent's, ms, from the last acknowledgement */
  clockOffsetMs: z.number().optional(),
})
export type StatusMessage = z.infer<typeof StatusMessageSchema>

/** Retained: everything the agent reads. */
export const InventoryMessageSchema = z.object({
  v: z.literal(1),
  atMs: ms,
  simulated: z.boolean(),
  devices: z.array(DeviceSchema).max(5000),
})
export type InventoryMessage = z.infer<typeof InventoryMessageSchema>

/** Collector to agent: everything up to `seq` of `epoch` is in the store and may leave the spool. */
export const AckMessageSchema = z.object({
  v: z.literal(1),
  epoch: ms,
  seq: ms,
  /** records that the collector takes from this agent before its next acknowledgement */
  creditRecords: z.number().int().positive(),
  /** true where a batch came that does not follow on `seq`: one was lost on the way, send from seq + 1 again */
  resend: z.boolean().optional(),
  /** how long to wait before the next batch: the collector has many agents to hear at once */
  pauseMs: ms.optional(),
  /** collector's clock, midway between the arrival of the batch and this: a time that it waited is no difference of clocks */
  atMs: ms,
  /** `sentAtMs` of the batch that it answers, agent's clock: with `atMs` and the time of arrival, the clock offset */
  echoSentAtMs: ms.optional(),
  /** why records were put aside instead of into the ledger, for the agent's log */
  quarantined: z.string().max(512).optional(),
})
export type AckMessage = z.infer<typeof AckMessageSchema>

/** Collector to all agents when it starts: send status and inventory again (a restarted broker forgot what it retained). */
export const HelloMessageSchema = z.object({ v: z.literal(1), atMs: ms, version: z.string().max(64) })
export type HelloMessage = z.infer<typeof HelloMessageSchema>
