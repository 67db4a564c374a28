import { PerwattError } from '../../protocol/kit/errors.ts'
import { type Address, parseReply, showAddress } from './cgminer.ts'
import type { Row } from './cgminer-text.ts'
import { exchangeHttp, type HttpAnswer, type HttpRequest, refuse } from './http.ts'
import { CREDENTIALS, isRefusal, refuseLogin, type WebAuth } from './web-auth.ts'

/** The code of a page that the machine doesn't give: another firmware has other pages. */
const NO_PAGE = 'http-status'

/** The name under which a list that is the whole answer is found. */
export const LIST = 'list'

const JSON_TYPE = 'application/json'

/**
 * The questions of one session to a machine's web interface, answered with JSON. Credentials that were refused are not sent
 * again before `forget`: machines lock out who insists.
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

  /** Sends JSON, where a question needs a body. @throws as `get` */
  post(path: string, body: unknown, signal: AbortSignal): Promise<Row> {
    const headers = { accept: JSON_TYPE, 'content-type': JSON_TYPE }
    return this.#json(path, { signal, method: 'POST', headers, body: JSON.stringify(body) })
  }

  /** What doesn't change while the machine runs, asked once. @throws as `get` */
  async getOnce(path: string, signal: AbortSignal): Promise<Row> {
    const kept = this.#static.get(path)
    if (kept) return kept
    const row = await this.get(path, signal)
    this.#static.set(path, row)
    return row
  }

  /** The machine was away: it may come back as another, with other users, and its token has ended. */
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
    // the wire's own reader gives objects; a bare list becomes one
    return parseReply(text.startsWith('[') ? `{"${LIST}":${text}}` : text, `the answer of ${url}`).body
  }

  async #authorised(auth: WebAuth, path: string, request: HttpRequest): Promise<HttpAnswer> {
    const url = this.#base + path
    const send = async () => {
      const earned = await auth.headers(request.method ?? 'GET', path, request.signal)
      return exchangeHttp(url, { ...request, headers: { ...request.headers, ...earned } })
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

/** For `catch`, after a page that not every firmware gives. @throws every other error */
export function noPage(error: unknown): undefined {
  if (error instanceof PerwattError && error.code === NO_PAGE) return undefined
  throw error
}
