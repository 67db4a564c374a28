import { PerwattError } from '../../protocol/kit/errors.ts'
import { ANOTHER_FIRMWARE } from '../plugin/driver.ts'
import { askCgminer } from '../wire/cgminer/cgminer.ts'
import type { CgminerReply } from '../wire/cgminer/reply.ts'
import { rowsOf } from '../wire/loose-json/fields.ts'
import { type Address, showAddress } from '../wire/tcp/address.ts'
import { alone, hasTimeLeft } from './answers.ts'
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
  /** how many polls in a row had no time for a command */
  readonly #misses = new Map<string, number>()

  /** @param firmware that the miner must run, as `firmwareOf` names it; absent: the one that its first replies name, or none */
  constructor(address: Address, firmware?: string) {
    this.#address = address
    this.#firmware = firmware
  }

  /** @throws as `askCgminer`, and `another-firmware` where the reply names other firmware */
  async ask(command: string, signal: AbortSignal, extra: Extra = {}): Promise<CgminerReply> {
    const reply = await askCgminer(this.#address, { command, ...extra }, signal)
    // what is cut may lack the firmware's name, and still have its machine's: a LuxOS would be an Antminer
    if (NAMING.has(command) && reply.complete) this.#recognise(command, reply)
    return reply
  }

  /** @returns undefined where the reply is refused, malformed or late @throws as `alone` */
  askOptional(command: string, signal: AbortSignal, extra: Extra = {}): Promise<CgminerReply | undefined> {
    return alone(signal, (wait) => this.ask(command, wait, extra))
  }

  /**
   * The reply to the first of these commands that has rows in its section, one that is cut only where no other has; later polls begin
   * with that one.
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
    let cut: CgminerReply | undefined
    for (const command of preferred ? [preferred, ...commands.filter((c) => c !== preferred)] : commands) {
      const reply = await this.askOptional(command, signal)
      if (rowsOf(reply?.body, section).length > 0) {
        if (reply?.complete) {
          this.#preferred.set(key, command)
          return reply
        }
        cut ??= reply
      }
      empty ??= reply
    }
    return cut ?? empty
  }

  /**
   * Replies to several commands, by command. `first` and `always` are asked at each poll, `once` until it is answered. Where the time
   * does not suffice for all of them, those of `first` come, and of the rest those that were missed last time come before the others.
   * @throws as `alone`
   */
  async askEach<F extends string, A extends string, O extends string>(
    { first, always, once }: { first: readonly F[]; always: readonly A[]; once: readonly O[] },
    signal: AbortSignal,
  ): Promise<Partial<Record<F | A | O, CgminerReply>>> {
    const replies: Partial<Record<string, CgminerReply>> = {}
    const isOnce = (command: string) => (once as readonly string[]).includes(command)
    const rest = [...always, ...once].sort((a, b) => this.#missed(b) - this.#missed(a))
    for (const command of [...first, ...rest]) {
      const reply = await (isOnce(command)
        ? this.askOnce(command, signal)
        : this.askOptional(command, signal))
      if (reply) replies[command] = reply
      if (reply) this.#misses.delete(command)
      // what a machine refuses is not missed
      else if (signal.aborted || !hasTimeLeft(signal)) this.#misses.set(command, this.#missed(command) + 1)
    }
    return replies as Partial<Record<F | A | O, CgminerReply>>
  }

  #missed(command: string): number {
    return this.#misses.get(command) ?? 0
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
