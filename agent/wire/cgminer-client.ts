import { PerwattError } from '../../protocol/kit/errors.ts'
import { type Address, askCgminer, type CgminerReply, REFUSED } from './cgminer.ts'

type Extra = Record<string, unknown>

/** The questions of one session to one miner. Asked one after another: small controllers serve one client at a time. */
export class CgminerClient {
  readonly #address: Address
  readonly #static = new Map<string, CgminerReply>()
  readonly #preferred = new Map<string, string>()

  constructor(address: Address) {
    this.#address = address
  }

  /** @throws as `askCgminer` */
  ask(command: string, signal: AbortSignal, extra: Extra = {}): Promise<CgminerReply> {
    return askCgminer(this.#address, { command, ...extra }, signal)
  }

  /** @returns undefined where the miner refuses the command @throws as `askCgminer` otherwise */
  async askOptional(
    command: string,
    signal: AbortSignal,
    extra: Extra = {},
  ): Promise<CgminerReply | undefined> {
    try {
      return await this.ask(command, signal, extra)
    } catch (error) {
      if (error instanceof PerwattError && error.code === REFUSED) return undefined
      throw error
    }
  }

  /** The answer to the first of these commands that the miner knows; that one is asked first the next time. */
  async askFirst(commands: readonly string[], signal: AbortSignal): Promise<CgminerReply | undefined> {
    const key = commands.join()
    const preferred = this.#preferred.get(key)
    for (const command of preferred ? [preferred, ...commands.filter((c) => c !== preferred)] : commands) {
      const reply = await this.askOptional(command, signal)
      if (!reply) continue
      this.#preferred.set(key, command)
      return reply
    }
    return undefined
  }

  /** What doesn't change while the miner runs, asked once. */
  async askOnce(command: string, signal: AbortSignal): Promise<CgminerReply | undefined> {
    const kept = this.#static.get(command)
    if (kept) return kept
    const reply = await this.askOptional(command, signal)
    if (reply?.complete) this.#static.set(command, reply)
    return reply
  }

  /** The miner was away: it may come back with another firmware. */
  forget(): void {
    this.#static.clear()
    this.#preferred.clear()
  }
}
