import type { Client, PublishPacket } from 'aedes'

/** Bytes that may wait in the connection of a subscriber that reads slower than messages come. */
const WAITING_BYTES = 2 ** 20

/** What aedes has and its types do not tell. */
interface Draining {
  waitForDrain(done: (error: Error | null, client: unknown) => void): void
}

/**
 * A subscriber that does not read loses messages; in aedes it would hold up every agent whose message it is to get, because a
 * publisher is read on only when its message was written to all. Retained messages after a subscription do wait for it: they hold
 * up nobody else.
 */
export function neverWaitFor(client: Client): void {
  const draining = client as unknown as Draining
  const wait = draining.waitForDrain.bind(client)
  draining.waitForDrain = (done) => {
    if (client.conn.writableLength > WAITING_BYTES) wait(done)
    else setImmediate(done, null, client)
  }
}

/** Whether a message is dropped for a subscriber, because too much waits for it already. */
export const isTooSlow = (client: Client, { retain, payload }: PublishPacket): boolean =>
  !retain && client.conn.writableLength + payload.length > WAITING_BYTES
