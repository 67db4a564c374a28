import { after, signalAfter } from '../../../protocol/kit/timers.ts'
import type { AsicFacts } from '../../asic/facts.ts'
import { powerFact } from '../../asic/power.ts'
import { exchangeHttp } from '../../wire/http.ts'
import { type Address, showAddress } from '../../wire/tcp/address.ts'
import { warningFault } from './warnings.ts'

export const MINER_POWER = '/miner_power'
export const WARNING = '/warning'

/** How long one answer may take. */
const ANSWER_MS = 2_000
/** How long the first poll waits for it; later polls do not wait. */
const FIRST_WAIT_MS = 500
/** Firmware without these pages does not learn them before its next update. */
const RETRY_MS = 3_600_000
/** An answer of an earlier poll is good this long. */
const FRESH_MS = 120_000

/**
 * The port 6060 of newer stock firmware: the watts that the machine's power supply measures, and its warning. No login. It is asked
 * beside the cgminer port, so that it never delays the reading, and not again for an hour where it refuses.
 */
export class StatusPort {
  readonly #power: StatusPage<number>
  readonly #warning: StatusPage<string>
  #asking: Promise<void> | undefined
  #asked = false
  readonly #closed = new AbortController()

  constructor(address: Address) {
    const base = `http://${showAddress(address)}`
    this.#power = new StatusPage(base + MINER_POWER, wattsIn)
    this.#warning = new StatusPage(base + WARNING, warningIn)
  }

  /** Starts the requests. Call it before those to the cgminer port. */
  ask(): void {
    this.#asking ??= this.#askBoth().finally(() => {
      this.#asking = undefined
    })
  }

  /** The latest answers. Never throws. @param hashes true: 0 W means that the power supply does not report */
  async facts(hashes: boolean): Promise<AsicFacts> {
    if (!this.#asked) await Promise.race([this.#asking, wait(FIRST_WAIT_MS)])
    this.#asked = true
    const watts = this.#power.latest
    const warning = this.#warning.latest
    return {
      power: powerFact(hashes && watts === 0 ? undefined : watts, 'reported'),
      faults: warning ? [warning] : [],
    }
  }

  close(): void {
    this.#closed.abort(new Error('the session is closed'))
  }

  /** One after the other: small controllers serve one client at a time. */
  async #askBoth(): Promise<void> {
    await this.#power.ask(this.#closed.signal)
    await this.#warning.ask(this.#closed.signal)
  }
}

class StatusPage<T> {
  readonly #url: string
  readonly #parse: (text: string) => T | undefined
  #retryAtMs = 0
  #value: T | undefined
  #atMs = 0

  /** @param parse undefined: this firmware does not have the page */
  constructor(url: string, parse: (text: string) => T | undefined) {
    this.#url = url
    this.#parse = parse
  }

  get latest(): T | undefined {
    return performance.now() - this.#atMs < FRESH_MS ? this.#value : undefined
  }

  async ask(closed: AbortSignal): Promise<void> {
    if (performance.now() < this.#retryAtMs) return
    const answer = await answerOf(this.#url, AbortSignal.any([closed, signalAfter(ANSWER_MS)]))
    this.#value = answer?.status === 200 ? this.#parse(answer.text) : undefined
    this.#atMs = performance.now()
    if (this.#value === undefined) this.#retryAtMs = this.#atMs + RETRY_MS
  }
}

/** @returns undefined where none comes, whatever the reason */
async function answerOf(url: string, signal: AbortSignal) {
  try {
    return await exchangeHttp(url, { signal, maxBytes: 64 << 10 })
  } catch {
    return undefined
  }
}

/** `miner power:3412`; older firmware answers `error 6060 cmd`. */
function wattsIn(text: string): number | undefined {
  const digits = /^\s*(?:miner[ _])?power\s*:\s*(\d+(?:\.\d+)?)\s*W?\s*$/i.exec(text)?.[1]
  const watts = Number(digits ?? Number.NaN)
  return watts < 100_000 ? watts : undefined
}

/** `{"error_message":"None"}` is no warning: an empty text. */
function warningIn(text: string): string | undefined {
  const code = /^\s*\{\s*"error_message"\s*:\s*"([^"]*)"\s*\}\s*$/.exec(text)?.[1]?.trim()
  if (code === undefined) return undefined
  return /^(none)?$/i.test(code) ? '' : warningFault(code)
}

const wait = (ms: number) =>
  new Promise<void>((resolve) => {
    after(ms, resolve).unref()
  })
