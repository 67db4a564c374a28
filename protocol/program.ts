import { z } from 'zod'
import type { RunningProgram } from './kit/this-program.ts'

const ms = z.number().int().nonnegative()

/** Which program sends a message: two of one name are told apart by it. */
export const ProgramSchema = z.object({
  /** random, new at every start */
  instance: z.string().regex(/^[0-9a-f]{8,32}$/),
  /** by its own clock, Unix ms */
  startedAtMs: ms,
  host: z.string().max(255),
  pid: z.number().int().positive().optional(),
  addresses: z.array(z.string().max(64)).max(16),
  /** which start of which kernel it runs on: two programs with the same have one clock. Absent: not known */
  boot: z.string().max(64).optional(),
}) satisfies z.ZodType<RunningProgram>
export type Program = z.infer<typeof ProgramSchema>

/** Retained, from the collector that has a site. The broker publishes `offline` (the last will) when it loses the connection. */
export const PresenceMessageSchema = z.object({
  v: z.literal(1),
  state: z.enum(['online', 'offline']),
  atMs: ms,
  version: z.string().max(64),
  program: ProgramSchema,
  /** whether it serves: it keeps the site beside one that has been away. Absent: an earlier version, which does not say */
  serves: z.boolean().optional(),
})
export type PresenceMessage = z.infer<typeof PresenceMessageSchema>

/** Whether a program is the later of two: both decide alike, whatever their clocks show, because they compare the same numbers. */
export const isLater = (a: Program, b: Program): boolean =>
  a.startedAtMs !== b.startedAtMs ? a.startedAtMs > b.startedAtMs : a.instance > b.instance

/** Whether a collector gives way to another that it hears: to one that serves while it does not, else to the earlier of the two. */
export const givesWay = (own: Standing, other: Standing): boolean =>
  own.serves === undefined || other.serves === undefined || own.serves === other.serves
    ? isLater(own.program, other.program)
    : other.serves
type Standing = Pick<PresenceMessage, 'program' | 'serves'>

/**
 * Whether two programs run on one computer, and have one clock. The start of their kernel tells it, in containers too; where one of
 * them does not say it, the computer's name and an address, which one of them may have got later.
 */
export function isBeside(
  a: Pick<Program, 'host' | 'addresses' | 'boot'>,
  b: Pick<Program, 'host' | 'addresses' | 'boot'>,
): boolean {
  if (a.boot !== undefined && b.boot !== undefined) return a.boot === b.boot
  const shared = a.addresses.some((address) => b.addresses.includes(address))
  return a.host === b.host && (shared || a.addresses.length === 0 || b.addresses.length === 0)
}

/** One text for all programs of one computer; undefined where a program does not say where it runs. */
export const computerOf = (program: Pick<Program, 'host' | 'boot'> | undefined): string | undefined =>
  program && (program.boot ?? program.host)

/** For a person: `gpu-host-3 (10.0.4.3, fd00::3; process 4711)`. */
export function placeText({ host, addresses, pid }: Pick<Program, 'host' | 'addresses' | 'pid'>): string {
  const parts = [...(addresses.length > 0 ? [addresses.join(', ')] : []), ...(pid ? [`process ${pid}`] : [])]
  return parts.length > 0 ? `${host} (${parts.join('; ')})` : host
}
