import { z } from 'zod'
import { defined } from '../../../protocol/kit/defined.ts'
import { PortSchema } from '../../../protocol/kit/fields.ts'
import type { CgminerClient } from '../../asic/cgminer-client.ts'
import { cgminerFacts, fansOf } from '../../asic/cgminer-facts.ts'
import { poolFacts } from '../../asic/cgminer-pools.ts'
import { firmwareIn } from '../../asic/firmware.ts'
import type { AsicFacts } from '../../asic/reading.ts'
import { asicSession, supplement } from '../../asic/session.ts'
import { defineDriver } from '../../plugin/driver.ts'
import type { Address } from '../../wire/cgminer.ts'
import { macOf, positive, rowsOf, textOf } from '../../wire/loose-json.ts'
import { LoginAuth, login, loginForm, type WebAccess, WebAccessSchema } from '../../wire/web-auth.ts'
import { LIST, WebClient } from '../../wire/web-client.ts'
import { braiinsGraphqlFacts, GRAPHQL } from './graphql.ts'
import { braiinsRestFacts, REST_PAGES } from './rest.ts'

const REST_LOGIN = '/api/v1/auth/login'
const LUCI = '/cgi-bin/luci'
const LUCI_LAN = '/cgi-bin/luci/admin/network/iface_status/lan'

export default defineDriver({
  name: 'braiins',
  summary: 'Antminer with Braiins OS 22.08 or later: TCP 4028, GraphQL, and from 25.07 REST with a login',
  kind: 'asic',
  settings: z.object({
    port: PortSchema.default(4028).describe('TCP port of the miner’s API'),
    webPort: PortSchema.default(80).describe('port of the web interface'),
    web: WebAccessSchema.optional().describe(
      'login of the web interface: the REST API of 25.07 and later, and the MAC of earlier ones',
    ),
  }),
  needsHost: true,
  requests: [
    ...['version', 'summary', 'pools', 'devs', 'devdetails', 'fans', 'temps', 'tunerstatus'],
    `POST ${GRAPHQL}`,
    `POST ${LUCI}`,
    `GET ${LUCI_LAN}`,
    `POST ${REST_LOGIN}`,
    ...Object.values(REST_PAGES).map((page) => `GET ${page}`),
  ],
  recognises: (answers) => firmwareIn(answers) === 'Braiins OS',
  open({ host, options: { port, webPort, web } }) {
    const doors = webDoors({ host, port: webPort }, web)
    let opened: FamilyServer | undefined
    const firstOpen = async (soon: AbortSignal): Promise<AsicFacts> => {
      const notes: string[] = []
      for (const door of opened ? [opened] : doors) {
        const facts = await supplement(door.read, soon)
        notes.push(...(facts.notes ?? []))
        if (!facts.boards) continue
        opened = door
        return { ...facts, notes }
      }
      return { notes }
    }
    const webFacts = async (signal: AbortSignal): Promise<AsicFacts> => {
      const facts = await supplement(firstOpen, signal)
      const more = facts.boards && opened?.more ? await supplement(opened.more, signal) : {}
      return { ...facts, ...more, notes: [...(facts.notes ?? []), ...(more.notes ?? [])] }
    }
    const forget = () => {
      opened = undefined
      for (const door of doors) door.forget()
    }
    return asicSession({ host, port, firmware: 'Braiins OS', forget }, async (client, signal) => {
      const told = await webFacts(signal)
      const few = (wait: AbortSignal) => counterFacts(client, wait)
      const rest = told.boards ? await supplement(few, signal) : await portFacts(client, signal)
      return { ...rest, ...defined(told), ...defined({ pools: rest.pools, uptimeS: rest.uptimeS }) }
    })
  },
})

/** One way in to the web interface. */
interface FamilyServer {
  read(this: void, signal: AbortSignal): Promise<AsicFacts>
  /** what is not worth waiting for with the rest */
  more?(this: void, signal: AbortSignal): Promise<AsicFacts>
  forget(): void
}

/** REST is the newer one, and closed without a login; GraphQL answers without, but for the MAC. */
function webDoors(at: Address, web: WebAccess | undefined): FamilyServer[] {
  const graphql = new WebClient(at)
  const open: FamilyServer = {
    read: (signal) => braiinsGraphqlFacts(graphql, signal),
    forget: () => graphql.forget(),
  }
  if (!web) return [open]
  const credentials = { username: web.username, password: web.password.reveal() }
  // the token stands there without a scheme
  const bare = (authorization: string) => ({ authorization })
  const rest = new WebClient(at, new LoginAuth((signal) => login(at, REST_LOGIN, credentials, signal, bare)))
  const form = { luci_username: credentials.username, luci_password: credentials.password }
  const luci = new WebClient(at, new LoginAuth((signal) => loginForm(at, LUCI, form, signal)))
  const withMac: FamilyServer = {
    ...open,
    more: (signal) => macFacts(luci, signal),
    forget() {
      open.forget()
      luci.forget()
    },
  }
  return [{ read: (signal) => braiinsRestFacts(rest, signal), forget: () => rest.forget() }, withMac]
}

const macFacts = async (luci: WebClient, signal: AbortSignal): Promise<AsicFacts> => ({
  hardwareId: macOf(rowsOf(await luci.getOnce(LUCI_LAN, signal), LIST)[0]?.['macaddr']),
})

/** What only the cgminer port counts: the accepted work, since bosminer started. */
async function counterFacts(client: CgminerClient, signal: AbortSignal): Promise<AsicFacts> {
  await client.askOnce('version', signal)
  const devdetails = await client.askOnce('devdetails', signal)
  const summary = await client.askOptional('summary', signal)
  const pools = await client.askOptional('pools', signal)
  const { hashrateAvgHs, uptimeS } = cgminerFacts({ summary })
  return {
    model: textOf(rowsOf(devdetails?.body, 'DEVDETAILS')[0], 'Model'),
    hashrateAvgHs,
    uptimeS,
    pools: pools && poolFacts(pools),
  }
}

/** Everything by the cgminer port alone, where the web interface is closed to us. */
async function portFacts(client: CgminerClient, signal: AbortSignal): Promise<AsicFacts> {
  const version = await client.askOnce('version', signal)
  const devdetails = await client.askOnce('devdetails', signal)
  const summary = await client.ask('summary', signal)
  const devs = await client.askOptional('devs', signal)
  const fans = await client.askOptional('fans', signal)
  const temps = await client.askOptional('temps', signal)
  const tuner = rowsOf((await client.askOptional('tunerstatus', signal))?.body, 'TUNERSTATUS')[0]
  const pools = await client.askOptional('pools', signal)
  const watts = positive(tuner, 'ApproximateMinerPowerConsumption')
  return {
    ...cgminerFacts({ summary, devs, devdetails, temps }),
    model: textOf(rowsOf(devdetails?.body, 'DEVDETAILS')[0], 'Model'),
    firmware: textOf(rowsOf(version?.body, 'VERSION')[0], 'BOSer', 'BOSminer+', 'BOSminer'),
    power: watts === undefined ? undefined : { powerW: watts, basis: 'estimated' },
    powerLimitW: positive(tuner, 'PowerLimit'),
    fans: fansOf(fans),
    fanSlots: true,
    pools: pools && poolFacts(pools),
  }
}
