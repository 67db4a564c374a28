import { PerwattError } from '../../protocol/kit/errors.ts'
import { ANOTHER_FIRMWARE } from '../plugin/driver.ts'
import { askCgminer } from '../wire/cgminer/cgminer.ts'
import type { CgminerReply } from '../wire/cgminer/reply.ts'
import { rowsOf } from '../wire/loose-json/fields.ts'
import { type Address, showAddress } from '../wire/tcp/address.ts'
import { alone } from './answers.ts'
import { answersAs, firmwareOf } from './firmware.ts'

type Extra = Record<string, unknown>

/** The commands in whose replies firmware names itself. */
const NAMING = new Set(['version', 'devdetails', 'stats'])

/** The commands of one session to one miner. Send them one after another: small controllers serve one client at a time. */
export class CgminerClient {
  readonly #address: Address
  readonly #static = new Map<string, CgminerReply>()
  readonly #preferred = new Map<string, string>()
  readonly #firmware: string | undefined
  readonly #named = new Map<string, string | undefined>()

  /** @param firmware that the miner must run, as `firmwareOf` names it; absent: the one that its first replies name, or none */
  constructor(address: Address, firmware?: string) {
    this.#address = address
    this.#firmware = firmware
  }

  /** @throws as `askCgminer`, and `another-firmware` where the reply names other firmware */
  async ask(command: string, signal: AbortSignal, extra: Extra = {}): Promise<CgminerReply> {
    const reply = await askCgminer(this.#address, { command, ...extra }, signal)
    if (NAMING.has(command)) this.#recognise(command, reply)
    return reply
  }

  /** @returns undefined where the reply is refused, malformed or late @throws as `alone` */
  askOptional(command: string, signal: AbortSignal, extra: Extra = {}): Promise<CgminerReply | undefined> {
    return alone(signal, (wait) => this.ask(command, wait, extra))
  }

  /**
   * The reply to the first of these commands that has rows in its section; later polls begin with that one.
   * @throws as `alone`
   */
  async askFirst(
    commands: readonly string[],
    section: string,
    signal: AbortSignal,
  ): Promise<CgminerReply | undefined> {
    const key = commands.join()
    const preferred = this.#preferred.get(key)
    let empty: CgminerReply | undefined
    for (const command of preferred ? [preferred, ...commands.filter((c) => c !== preferred)] : commands) {
      const reply = await this.askOptional(command, signal)
      if (rowsOf(reply?.body, section).length > 0) {
        this.#preferred.set(key, command)
        return reply
      }
      empty ??= reply
    }
    return empty
  }

  /** A reply that does not change while the miner runs: requested once, then kept. @returns and throws as `askOptional` */
  async askOnce(command: string, signal: AbortSignal): Promise<CgminerReply | undefined> {
    const kept = this.#static.get(command)
    if (kept) return kept
    const reply = await this.askOptional(command, signal)
    if (reply?.complete) this.#static.set(command, reply)
    return reply
  }

  #recognise(command: string, reply: CgminerReply): void {
    const named = firmwareOf(JSON.stringify(reply.body))
    if (!this.#named.has(command)) {
      const expected = this.#firmware ?? named
      // a machine that begins under its maker's name must keep to it
      this.#named.set(command, named && expected && answersAs(expected, named) ? named : expected)
    }
    const before = this.#named.get(command)
    if (named === undefined || named === before) return
    throw new PerwattError(
      ANOTHER_FIRMWARE,
      `${showAddress(this.#address)} runs ${named}, not ${before ?? 'the firmware that it ran before'}; check the driver that is set for it`,
    )
  }

  /** Drops kept replies: the miner was away. */
  forget(): void {
    this.#static.clear()
    this.#preferred.clear()
  }
}
