import { PerwattError } from '../../../protocol/kit/errors.ts'
import { alone } from '../../asic/answers.ts'
import { minerRefuses, parseReply } from '../../wire/cgminer/reply.ts'
import { isRow, numberOf, type Row, textOf } from '../../wire/loose-json/fields.ts'
import { type Address, showAddress } from '../../wire/tcp/address.ts'
import { LengthPrefixedTcp } from '../../wire/tcp/length-prefixed.ts'

/** Whatsminer's API 3: the reply to `{"cmd","param"}` is `{"code","msg","desc"}`. Reading needs no account. */
export class WhatsminerLink {
  readonly #link: LengthPrefixedTcp
  readonly #at: string

  constructor(address: Address) {
    this.#link = new LengthPrefixedTcp(address)
    this.#at = showAddress(address)
  }

  /**
   * @param how `whole`: a reply whose tail is missing counts for nothing, as where its list is counted
   * @returns the reply's `msg`
   * @throws PerwattError: `miner-refused` where its code is not 0 (-1 failed, -2 no such command, -4 no permission) or `msg` is
   *   text (the mining program does not run), `malformed`, or as `LengthPrefixedTcp.ask`
   */
  async ask(
    cmd: string,
    param: string | undefined,
    signal: AbortSignal,
    { whole = false } = {},
  ): Promise<Row> {
    const command = param === undefined ? cmd : `${cmd} ${param}`
    const text = await this.#link.ask(JSON.stringify({ cmd, param }), signal)
    const { body, complete } = parseReply(text, `the reply of ${this.#at} to "${command}"`)
    if (whole && !complete)
      throw new PerwattError(
        'malformed',
        `the reply of ${this.#at} to "${command}" is cut; check the firmware`,
      )
    const { msg } = body
    if (numberOf(body['code']) === 0 && isRow(msg)) return msg
    const why = (textOf(body, 'msg') ?? `code ${textOf(body, 'code') ?? 'missing'}`).slice(0, 120)
    throw minerRefuses(this.#at, command, why)
  }

  /** @returns undefined where the reply is refused, malformed or late @throws as `alone` */
  askOptional(
    cmd: string,
    param: string | undefined,
    signal: AbortSignal,
    how?: { whole: boolean },
  ): Promise<Row | undefined> {
    return alone(signal, (wait) => this.ask(cmd, param, wait, how))
  }

  close(): void {
    this.#link.close()
  }
}
