import { PerwattError } from '../../../protocol/kit/errors.ts'
import { parseReply, REFUSED } from '../../wire/cgminer/reply.ts'
import { isRow, numberOf, type Row, textOf } from '../../wire/loose-json/fields.ts'
import { type Address, showAddress } from '../../wire/tcp/address.ts'
import { LengthPrefixedTcp } from '../../wire/tcp/length-prefixed.ts'

/** Whatsminer's API 3: `{"cmd","param"}` is answered by `{"code","msg","desc"}`; questions need no account. */
export class WhatsminerLink {
  readonly #link: LengthPrefixedTcp
  readonly #at: string

  constructor(address: Address) {
    this.#link = new LengthPrefixedTcp(address)
    this.#at = showAddress(address)
  }

  /**
   * @returns the answer's `msg`
   * @throws PerwattError: `miner-refused` where its code isn't 0 (-1 failed, -2 no such command, -4 no permission) or `msg` is
   *   a text (the mining program is down), `malformed`, or as `LengthPrefixedTcp`
   */
  async ask(cmd: string, param: string | undefined, signal: AbortSignal): Promise<Row> {
    const asked = param === undefined ? cmd : `${cmd} ${param}`
    const text = await this.#link.ask(JSON.stringify({ cmd, param }), signal)
    const { body } = parseReply(text, `the reply of ${this.#at} to "${asked}"`)
    const { msg } = body
    if (numberOf(body['code']) === 0 && isRow(msg)) return msg
    const said = (textOf(body, 'msg') ?? `code ${textOf(body, 'code') ?? 'missing'}`).slice(0, 120)
    throw new PerwattError(
      REFUSED,
      `${this.#at} refuses "${asked}": ${said}; check the API access and the firmware`,
    )
  }

  /** @returns undefined where the miner refuses the question @throws as `ask` otherwise */
  async askOptional(cmd: string, param: string, signal: AbortSignal): Promise<Row | undefined> {
    try {
      return await this.ask(cmd, param, signal)
    } catch (error) {
      if (error instanceof PerwattError && error.code === REFUSED) return undefined
      throw error
    }
  }

  close(): void {
    this.#link.close()
  }
}
