import { readFileSync } from 'node:fs'
import { PerwattError, reasonOf, UsageError } from '../../protocol/kit/errors.ts'
import { after, signalAfter } from '../../protocol/kit/timers.ts'
import { loadCollectorConfig } from '../config/load.ts'

/** How a command finds the running collector: by --url and --token-file, or by the collector's configuration. */
export interface ApiOptions {
  config: string
  url?: string
  tokenFile?: string
}

const DEADLINE_MS = 30_000
/** A download may take longer, but not pause longer than this. The collector reads a month before it sends the first line. */
const SILENT_MS = 150_000

/** HTTP client of a running collector. A command can't open the store itself, because the collector has it open. */
export class ApiClient {
  readonly #url: string
  readonly #token: string | undefined

  /** @throws UsageError where the configuration or the token file can't be read */
  constructor(options: ApiOptions) {
    const { url, token } = options.url ? { url: options.url, token: undefined } : fromConfig(options.config)
    this.#url = url.replace(/\/+$/, '')
    this.#token = options.tokenFile === undefined ? token : readToken(options.tokenFile)
  }

  /** The JSON answer to a GET, or to a POST where there is a body. @throws PerwattError with the collector's message */
  async ask<T>(path: string, query: Record<string, string>, body?: unknown): Promise<T> {
    const response = await this.#answer(path, query, signalAfter(DEADLINE_MS), body)
    return JSON.parse(await response.text()) as T
  }

  /** The answer to a GET in pieces, of any length. @throws PerwattError where it breaks off or pauses for too long */
  async *download(path: string, query: Record<string, string>): AsyncGenerator<Uint8Array> {
    const silent = new AbortController()
    const fail = () => silent.abort(new Error(`nothing more in ${SILENT_MS / 1000} s`))
    let timer = after(SILENT_MS, fail)
    try {
      const { body } = await this.#answer(path, query, silent.signal)
      if (!body) return
      for await (const piece of body) {
        clearTimeout(timer)
        yield piece
        timer = after(SILENT_MS, fail)
      }
    } catch (error) {
      if (error instanceof PerwattError) throw error
      const why = `the answer of the collector at ${this.#url} broke off (${reasonOf(error)}): the output is incomplete; run the command again, or look at the collector's log`
      throw new PerwattError('collector-unreachable', why)
    } finally {
      clearTimeout(timer)
    }
  }

  async #answer(
    path: string,
    query: Record<string, string>,
    signal: AbortSignal,
    body?: unknown,
  ): Promise<Response> {
    const search = new URLSearchParams(query).toString()
    const where = `${this.#url}${path}${search ? `?${search}` : ''}`
    let response: Response
    try {
      response = await fetch(where, {
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        },
        signal,
      })
    } catch (error) {
      const why = `no answer from the collector at ${this.#url} (${reasonOf(error)}); is it running, and is --url right?`
      throw new PerwattError('collector-unreachable', why)
    }
    if (response.ok) return response
    const hint = response.status === 401 ? '; name a file that holds the token with --token-file' : ''
    throw new PerwattError(
      'collector-refused',
      `the collector answers: ${messageOf(await response.text())}${hint}`,
    )
  }
}

/** Adds seconds to a time without them, because the API wants ISO 8601 with seconds. */
export const isoTime = (text: string): string => text.replace(/T(\d\d:\d\d)(Z|[+-]\d\d:?\d\d)$/, 'T$1:00$2')

function fromConfig(file: string): { url: string; token: string | undefined } {
  try {
    const { http } = loadCollectorConfig(file)
    const host = http.host === '0.0.0.0' ? '127.0.0.1' : http.host
    return { url: `http://${host}:${http.port}`, token: http.token?.reveal() }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new UsageError([...error.lines, 'or name the collector with --url http://127.0.0.1:8080'])
  }
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new UsageError([`--token-file: can't be read: ${reasonOf(error)}; check its path and permissions`])
  }
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { error: { message: string } }).error.message
  } catch {
    return text.split('\n', 1)[0]?.slice(0, 200) || 'nothing'
  }
}
