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

/**
 * Reads a BMC's Redfish service. It uses Basic authentication, which every service accepts (DSP0266, 13.3.2), because a session
 * would have to be created and a BMC allows only a few. Refused credentials are not sent again for a while, since a BMC may lock
 * the account.
 */
export class Redfish {
  readonly #access: RedfishAccess
  readonly #nowMs: () => number
  #refused: { error: PerwattError; untilMs: number } | undefined

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
      if (!(error instanceof PerwattError && error.code === CREDENTIALS)) throw error
      this.#refused = {
        error: new PerwattError(CREDENTIALS, `${error.message}. The agent sends them again in 10 minutes`),
        untilMs: this.#nowMs() + REFUSED_MS,
      }
      throw this.#refused.error
    }
    refuse(answer, url)
    return parsed(answer.text, url)
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
