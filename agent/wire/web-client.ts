import { PerwattError } from '../../protocol/kit/errors.ts'
import { parseReply } from './cgminer/reply.ts'
import { exchangeHttp, type HttpAnswer, type HttpRequest, refuse } from './http.ts'
import type { Row } from './loose-json/fields.ts'
import { type Address, showAddress } from './tcp/address.ts'
import { CREDENTIALS, isRefusal, refuseLogin, type WebAuth } from './web-auth.ts'

/** The error code of a page that this firmware does not have. */
const NO_PAGE = 'http-status'

/** An answer that is a list becomes an object with the list in this field. */
export const LIST = 'list'

const JSON_TYPE = 'application/json'

const cut = new WeakSet<Row>()
/** Whether the tail of a page is missing: the fields that are there are right, but a list may be too short. */
export const isCut = (page: Row | undefined): boolean => page !== undefined && cut.has(page)

/**
 * The requests of one session to a machine's web interface that answers with JSON. Refused credentials are not sent again
 * before `forget`: machines lock a user out after repeated failures.
 */
export class WebClient {
  readonly #base: string
  readonly #auth: WebAuth | undefined
  readonly #static = new Map<string, Row>()
  #lockedOut: PerwattError | undefined

  constructor(address: Address, auth?: WebAuth) {
    this.#base = `http://${showAddress(address)}`
    this.#auth = auth
  }

  /**
   * @param path from the root, such as `/api/system/info`
   * @throws PerwattError `http-status`, `credentials-refused`, `malformed`, or as `exchangeHttp`
   */
  get(path: string, signal: AbortSignal): Promise<Row> {
    return this.#json(path, { signal, headers: { accept: JSON_TYPE } })
  }

  /** Sends JSON, for a query that needs a body. @throws as `get` */
  post(path: string, body: unknown, signal: AbortSignal): Promise<Row> {
    const headers = { accept: JSON_TYPE, 'content-type': JSON_TYPE }
    return this.#json(path, { signal, method: 'POST', headers, body: JSON.stringify(body) })
  }

  /** A page that does not change while the machine runs: requested once, then kept. @throws as `get` */
  async getOnce(path: string, signal: AbortSignal): Promise<Row> {
    const kept = this.#static.get(path)
    if (kept) return kept
    const row = await this.get(path, signal)
    this.#static.set(path, row)
    return row
  }

  /** Drops kept pages, tokens and the lock-out: after an absence the machine may have other firmware or other users. */
  forget(): void {
    this.#static.clear()
    this.#auth?.forget()
    this.#lockedOut = undefined
  }

  async #json(path: string, request: HttpRequest): Promise<Row> {
    if (this.#lockedOut) throw this.#lockedOut
    const url = this.#base + path
    const answer = this.#auth
      ? await this.#authorised(this.#auth, path, request)
      : await exchangeHttp(url, request)
    refuse(answer, url)
    const text = answer.text.trimStart()
    // `parseReply` reads objects only
    const { body, complete } = parseReply(
      text.startsWith('[') ? `{"${LIST}":${text}}` : text,
      `the answer of ${url}`,
    )
    if (!complete) cut.add(body)
    return body
  }

  async #authorised(auth: WebAuth, path: string, request: HttpRequest): Promise<HttpAnswer> {
    const url = this.#base + path
    const send = async () => {
      const proof = await auth.headers(request.method ?? 'GET', path, request.signal)
      return exchangeHttp(url, { ...request, headers: { ...request.headers, ...proof } })
    }
    try {
      let answer = await send()
      if (isRefusal(answer) && auth.refused(answer)) answer = await send()
      refuseLogin(answer, url)
      return answer
    } catch (error) {
      if (error instanceof PerwattError && error.code === CREDENTIALS) this.#lockedOut = error
      throw error
    }
  }
}

/** For `catch`, after a page that not every firmware has. @throws every error but `http-status` */
export function noPage(error: unknown): undefined {
  if (error instanceof PerwattError && error.code === NO_PAGE) return undefined
  throw error
}
