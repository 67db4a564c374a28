import { PerwattError } from '../../protocol/kit/errors.ts'
import { ANOTHER_FIRMWARE } from '../plugin/driver.ts'
import { type Address, askCgminer, type CgminerReply, REFUSED, showAddress } from '../wire/cgminer.ts'
import { firmwareOf } from './firmware.ts'

type Extra = Record<string, unknown>

/** The replies in which firmware names itself. */
const NAMING = new Set(['version', 'devdetails', 'stats'])

/** The questions of one session to one miner. Asked one after another: small controllers serve one client at a time. */
export class CgminerClient {
  readonly #address: Address
  readonly #static = new Map<string, CgminerReply>()
  readonly #preferred = new Map<string, string>()
  readonly #firmware: string | undefined
  readonly #named = new Map<string, string | undefined>()

  /** @param firmware that the miner must have, as `firmwareOf` names it; absent: whatever it names at first, or none */
  constructor(address: Address, firmware?: string) {
    this.#address = address
    this.#firmware = firmware
  }

  /** @throws as `askCgminer`, and `another-firmware` */
  async ask(command: string, signal: AbortSignal, extra: Extra = {}): Promise<CgminerReply> {
    const reply = await askCgminer(this.#address, { command, ...extra }, signal)
    if (NAMING.has(command)) this.#recognise(command, reply)
    return reply
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

  #recognise(command: string, reply: CgminerReply): void {
    const named = firmwareOf(JSON.stringify(reply.body))
    if (!this.#named.has(command)) this.#named.set(command, this.#firmware ?? named)
    const before = this.#named.get(command)
    if (named === undefined || named === before) return
    throw new PerwattError(
      ANOTHER_FIRMWARE,
      `${showAddress(this.#address)} runs ${named}, not ${before ?? 'what it did'}; check the driver that is set for it, or set driver: auto`,
    )
  }

  /** The miner was away: what it said once is asked again. */
  forget(): void {
    this.#static.clear()
    this.#preferred.clear()
  }
}
