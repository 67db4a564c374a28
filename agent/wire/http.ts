import type { HttpAnswer } from '../../protocol/kit/http/answer.ts'
import { exchange, type HttpRequest as Request } from '../../protocol/kit/http/client.ts'
import { refuseStatus } from '../../protocol/kit/http/refusals.ts'
import type { Secret } from '../../protocol/kit/secret.ts'
import { shownUrl } from '../../protocol/kit/shown-url.ts'

/** How the agent asks machines and their services: every address is allowed, and only text is read. */

export type { HttpAnswer }

export interface HttpRequest extends Omit<Request, 'guard' | 'lookup' | 'where'> {
  /** a longer answer is refused; 8 MiB where absent */
  maxBytes?: number
}

export interface GetOptions extends Pick<HttpRequest, 'signal' | 'maxBytes'> {
  /** sent as `Authorization: Bearer` */
  bearer?: Secret | undefined
  accept?: string
}

const MAX_BYTES = 8 << 20

/**
 * Gets a page as text. A user and password in the address are sent as Basic authentication and never shown.
 * @throws PerwattError `http-status` for every status but 200, or as `exchangeHttp`
 */
export async function getText(address: string, options: GetOptions): Promise<string> {
  const { bearer, accept = 'text/plain', ...rest } = options
  const authorization = bearer ? { authorization: `Bearer ${bearer.reveal()}` } : {}
  const answer = await exchangeHttp(address, { ...rest, headers: { accept, ...authorization } })
  refuse(answer, address)
  return answer.text
}

/**
 * One request over a connection of its own, whatever the status of its answer. Redirects are not followed.
 * @throws PerwattError `unreachable`, `too-large` or `not-text`; the signal's reason when it ends the wait
 */
export const exchangeHttp = (
  address: string,
  { maxBytes = MAX_BYTES, ...request }: HttpRequest,
): Promise<HttpAnswer> =>
  exchange(address, {
    ...request,
    maxBytes,
    textOnly: true,
    where: request.socketPath ?? shownUrl(address),
  })

/** @throws PerwattError `http-status` for every status but 200, with what to do next */
export const refuse = (answer: HttpAnswer, address: string): void =>
  refuseStatus(answer, { where: shownUrl(address) })
