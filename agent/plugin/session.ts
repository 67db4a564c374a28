import type { Reading } from './reading.ts'

export interface Session {
  /**
   * Reads the machine once. One target may be several devices, such as a host with 8 GPUs.
   * @throws with a message that says what happened and what to check; the poller adds driver and device name.
   */
  read(signal: AbortSignal): Promise<Reading[]>
  close?(): void
  /** Lets go of a connection that it keeps between its readings, because another device behind the same address is read now. The next `read` opens it again. */
  rest?(): void
  /**
   * What it has learnt of its machine that a later session with the same settings should know, also after a restart of the agent: JSON.
   * The driver gets it as `Target.remembered`, and the session by `recall`. Undefined: nothing.
   */
  remembers?(): unknown
  /**
   * Takes what an earlier session has learnt, before the first reading. For sessions that are the same for many drivers.
   * @param known as `remembers` gave it; anything else is taken for nothing
   */
  recall?(known: unknown): void
}
