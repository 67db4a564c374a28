import { PerwattError } from '../../../protocol/kit/errors.ts'
import type { Secret } from '../../../protocol/kit/secret.ts'
import { exchangeHttp, refuse } from '../../wire/http.ts'
import { isRow, type Row, rowsOf } from '../../wire/loose-json/fields.ts'
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

/** A BMC that boots refuses everybody, and one whose account was mended is to be found; five tries in a row lock most. */
const REFUSED_MS = 10 * 60_000

/**
 * A BMC's Redfish service, read only. Basic authentication, which every service takes (DSP0266, 13.3.2): a session would have
 * to be created, and BMCs have few. Credentials that were refused are not sent again for a while: BMCs lock out who insists.
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
   * @param path as the service gives it in `@odata.id`
   * @throws PerwattError `http-status`, `credentials-refused`, `malformed`, or as `exchangeHttp`
   */
  async get(path: string, signal: AbortSignal): Promise<Row> {
    if (this.#refused && this.#nowMs() < this.#refused.untilMs) throw this.#refused.error
    this.#refused = undefined
    const { url: base, username, password, insecureTls = false, ca } = this.#access
    // a link that leads elsewhere must not take the password along
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
        error: new PerwattError(CREDENTIALS, `${error.message}. They are sent again in 10 minutes`),
        untilMs: this.#nowMs() + REFUSED_MS,
      }
      throw this.#refused.error
    }
    refuse(answer, url)
    return parsed(answer.text, url)
  }

  /** The members of a collection. @throws as `get` */
  async members(path: string, signal: AbortSignal): Promise<string[]> {
    return rowsOf(await this.get(path, signal), 'Members').flatMap((member) => linkOf(member) ?? [])
  }
}

function parsed(text: string, url: string): Row {
  try {
    const json: unknown = JSON.parse(text)
    if (isRow(json)) return json
  } catch {
    // said below
  }
  throw new PerwattError(
    'malformed',
    `${url} answers something that is no JSON object; check that it is a BMC, and its firmware`,
  )
}

/** Where a reference leads: `{ "@odata.id": "/redfish/v1/Chassis/1" }`. */
export function linkOf(reference: unknown): string | undefined {
  const id = isRow(reference) ? reference['@odata.id'] : undefined
  return typeof id === 'string' && id.startsWith('/') ? id : undefined
}

/** Where the references of a list, or of one, lead. */
export const linksOf = (references: unknown): string[] => [references].flat().flatMap((r) => linkOf(r) ?? [])
