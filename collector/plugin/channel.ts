import type { z } from 'zod'
import type { Plugin } from '../../protocol/kit/plugin.ts'

/** The contract of a channel, a way to tell a receiver of alerts. One file each in channels/. */
export interface Channel<S extends z.ZodObject = z.ZodObject> extends Plugin<S> {
  /** Does no I/O yet: `send` does. */
  open(settings: z.output<S>, context: ChannelContext): ChannelSession
}

export interface ChannelContext {
  /** perwatt's version, for the user agent */
  version: string
  nowMs: () => number
}

/** A channel with one receiver's settings. */
export interface ChannelSession {
  /** One attempt; the dispatcher repeats it where the result allows that. Rejects only on a bug. */
  send(message: OutgoingMessage, signal: AbortSignal): Promise<DeliveryResult>
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
  /** try again, not before `retryAfterMs` where the receiver asked for a wait */
  | { outcome: 'retry'; reason: string; retryAfterMs?: number }
  /** never try this message again */
  | { outcome: 'refused'; reason: string }
  /** never send anything to this receiver again (410 Gone) */
  | { outcome: 'gone'; reason: string }

export const defineChannel = <S extends z.ZodObject>(channel: Channel<S>): Channel<S> => channel
