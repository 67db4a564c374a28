import type { AsicFacts } from '../../asic/facts.ts'
import { alone, supplement } from '../../asic/session.ts'
import { macOf, rowsOf } from '../../wire/loose-json/fields.ts'
import type { Address } from '../../wire/tcp/address.ts'
import { LoginAuth, login, loginForm, type WebAccess } from '../../wire/web-auth.ts'
import { LIST, WebClient } from '../../wire/web-client.ts'
import { braiinsGraphqlFacts } from './graphql.ts'
import { braiinsRestFacts } from './rest.ts'

export const REST_LOGIN = '/api/v1/auth/login'
export const LUCI = '/cgi-bin/luci'
export const LUCI_LAN = '/cgi-bin/luci/admin/network/iface_status/lan'

/** One of the web interfaces. */
interface WebInterface {
  read(this: void, signal: AbortSignal): Promise<AsicFacts>
  /** further facts that must not delay those of `read` */
  readMore?(this: void, signal: AbortSignal): Promise<AsicFacts>
  forget(): void
}

/** Finds which web interface the firmware has, and reads it. */
export class WebInterfaces {
  readonly #all: readonly WebInterface[]
  /** the one that has answered */
  #open: WebInterface | undefined

  /** @param access without it only GraphQL is tried */
  constructor(at: Address, access: WebAccess | undefined) {
    this.#all = interfacesOf(at, access)
  }

  /** @returns no facts where no web interface answers @throws as `supplement` */
  async facts(signal: AbortSignal): Promise<AsicFacts> {
    const facts = await supplement((wait) => this.#firstAnswer(wait), signal)
    const readMore = this.#open?.readMore
    return { ...facts, ...(readMore && (await supplement(readMore, signal))) }
  }

  forget(): void {
    this.#open = undefined
    for (const each of this.#all) each.forget()
  }

  async #firstAnswer(signal: AbortSignal): Promise<AsicFacts> {
    for (const candidate of this.#open ? [this.#open] : this.#all) {
      const facts = await candidate.read(signal)
      if (Object.keys(facts).length === 0) continue
      this.#open = candidate
      return facts
    }
    return {}
  }
}

/** REST is newer and requires a login. GraphQL needs none, but does not have the MAC, which LuCI's pages have. */
function interfacesOf(at: Address, access: WebAccess | undefined): WebInterface[] {
  const pages = new WebClient(at)
  const graphql: WebInterface = {
    read: async (signal) => (await alone(signal, (wait) => braiinsGraphqlFacts(pages, wait))) ?? {},
    forget: () => pages.forget(),
  }
  if (!access) return [graphql]
  const rest = restClient(at, access)
  const luci = luciClient(at, access)
  const graphqlWithMac: WebInterface = {
    ...graphql,
    readMore: (signal) => macFacts(luci, signal),
    forget() {
      graphql.forget()
      luci.forget()
    },
  }
  return [{ read: (signal) => braiinsRestFacts(rest, signal), forget: () => rest.forget() }, graphqlWithMac]
}

function restClient(at: Address, { username, password }: WebAccess): WebClient {
  const credentials = { username, password: password.reveal() }
  // the token alone, without `Bearer`
  const header = (authorization: string) => ({ authorization })
  return new WebClient(at, new LoginAuth((signal) => login(at, REST_LOGIN, credentials, signal, header)))
}

function luciClient(at: Address, { username, password }: WebAccess): WebClient {
  const form = { luci_username: username, luci_password: password.reveal() }
  return new WebClient(at, new LoginAuth((signal) => loginForm(at, LUCI, form, signal)))
}

const macFacts = async (luci: WebClient, signal: AbortSignal): Promise<AsicFacts> => ({
  hardwareId: macOf(rowsOf(await luci.getOnce(LUCI_LAN, signal), LIST)[0]?.['macaddr']),
})
