import type { z } from 'zod'

/** The contract of a channel: how one kind of receiver is told. One file a kind in channels/. */
export interface Channel<S extends z.ZodType = z.ZodType> {
  readonly kind: string
  readonly settings: S
  /**
   * One attempt. Resolves with what became of it; rejects only on a bug. The dispatcher repeats what may be repeated.
   */
  send(settings: z.output<S>, message: OutgoingMessage, signal: AbortSignal): Promise<DeliveryResult>
}

/** A message in the outbox: the same id on every attempt. */
export interface OutgoingMessage {
  id: string
  /** `alert.firing`, `alert.resolved` */
  type: string
  /** when it happened, Unix ms */
  atMs: number
  data: unknown
}

export type DeliveryResult =
  | { outcome: 'delivered'; status: number }
  /** try again, not before `retryAfterMs` where the receiver said so */
  | { outcome: 'retry'; reason: string; retryAfterMs?: number }
  /** never try this message again */
  | { outcome: 'refused'; reason: string }
  /** the receiver wants nothing more at all (410 Gone) */
  | { outcome: 'gone'; reason: string }

/** What a file of channels/ exports by default. */
export type ChannelFactory = (context: { version: string }) => Channel
