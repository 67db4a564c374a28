import { PerwattError } from '../../../protocol/kit/errors.ts'
import type { Secret } from '../../../protocol/kit/secret.ts'
import { exchangeHttp, refuse } from '../../wire/http.ts'
import { isRow, type Row } from '../../wire/loose-json/fields.ts'
import { CREDENTIALS, refuseLogin } from '../../wire/web-auth.ts'

export interface RedfishAccess {
  /** `https://192.0.2.7` */
  url: string
  username?: string | undefined
  password?: Secret | undefined
  insecureTls?: boolean
  /** PEM */
  ca?: string | undefined
}

/** After a refused login, wait this long: most BMCs lock an account after five failures in a row. A booting BMC refuses everybody. */
const REFUSED_MS = 10 * 60_000
/** After so many refusals in a row, and none between them that came, the credentials are refused. */
const MOST_REFUSED = 3
const ROOT = /^\/redfish\/v1\/?$/

/**
 * Reads a BMC's Redfish service. It uses Basic authentication, which every service accepts (DSP0266, 13.3.2), because a session
 * would have to be created and a BMC allows only a few. Refused credentials are not sent again for a while, since a BMC may lock
 * the account. A page that is refused beside others is not asked for again for as long.
 */
export class Redfish {
  readonly #access: RedfishAccess
  readonly #nowMs: () => number
  #refused: { error: PerwattError; untilMs: number } | undefined
  /** pages that were refused beside others that came, and until when they are not asked for again */
  readonly #refusedPages = new Map<string, { error: PerwattError; untilMs: number }>()
  /** whether a page came that needs a login; the root comes without (DSP0266, 13.2.1) */
  #isAccepted = false
  #refusedInARow = 0

  /** @param nowMs a steady clock */
  constructor(access: RedfishAccess, nowMs = () => performance.now()) {
    this.#access = access
    this.#nowMs = nowMs
  }

  /**
   * @param path a path from the service's `@odata.id`
   * @throws PerwattError `http-status`, `credentials-refused`, `malformed`, or as `exchangeHttp`
   */
  async get(path: string, signal: AbortSignal): Promise<Row> {
    if (this.#refused && this.#nowMs() < this.#refused.untilMs) throw this.#refused.error
    this.#refused = undefined
    const alone = this.#refusedPages.get(path)
    if (alone && this.#nowMs() < alone.untilMs) throw alone.error
    const { url: base, username, password, insecureTls = false, ca } = this.#access
    // a link to another host must not carry the password there
    const url = base + (path.startsWith('/') && !path.startsWith('//') ? path : '/')
    const credentials = Buffer.from(`${username ?? ''}:${password?.reveal() ?? ''}`).toString('base64')
    const headers = {
      accept: 'application/json',
      'odata-version': '4.0',
      ...(username !== undefined && { authorization: `Basic ${credentials}` }),
    }
    const answer = await exchangeHttp(url, { signal, headers, insecureTls, ...(ca !== undefined && { ca }) })
    try {
      refuseLogin(answer, url)
    } catch (error) {
      throw error instanceof PerwattError && error.code === CREDENTIALS
        ? this.#keptAway(path, error, answer.status)
        : error
    }
    this.#refusedInARow = 0
    if (!ROOT.test(path)) this.#isAccepted ||= answer.status === 200
    refuse(answer, url)
    return parsed(answer.text, url)
  }

  /**
   * One page that is refused beside others that come is closed to this account, or the BMC lacks its licence. Status 403 means that
   * (DSP0266, 7.11); some BMCs answer 401, and so does one whose password was changed: then the next pages are refused too.
   */
  #keptAway(path: string, { message }: PerwattError, status: number): PerwattError {
    const untilMs = this.#nowMs() + REFUSED_MS
    const error = new PerwattError(CREDENTIALS, `${message}. The agent sends them again in 10 minutes`)
    if (status === 401) this.#refusedInARow++
    if (this.#isAccepted && this.#refusedInARow < MOST_REFUSED) {
      const alone = new PerwattError(CREDENTIALS, `${message}, and the rights of this account there`)
      this.#refusedPages.set(path, { error: alone, untilMs })
      return alone
    }
    this.#isAccepted = false
    this.#refused = { error, untilMs }
    return error
  }
}

function parsed(text: string, url: string): Row {
  try {
    const json: unknown = JSON.parse(text)
    if (isRow(json)) return json
  } catch {
    // the error follows below
  }
  throw new PerwattError(
    'malformed',
    `${url} answered something that is no JSON object; check that it is a BMC, and its firmware`,
  )
}

/** The path in a reference: `{ "@odata.id": "/redfish/v1/Chassis/1" }`; HPE's iLO 4 writes `href`. */
export function linkOf(reference: unknown): string | undefined {
  const id = isRow(reference) ? (reference['@odata.id'] ?? reference['href']) : undefined
  return typeof id === 'string' && id.startsWith('/') ? id : undefined
}

/** The paths in a reference or a list of references. */
export const linksOf = (references: unknown): string[] => [references].flat().flatMap((r) => linkOf(r) ?? [])

/** The last name in a path, which is the Id of its resource. */
export const idOf = (path: string): string => path.replace(/\/+$/, '').split('/').at(-1) ?? ''
