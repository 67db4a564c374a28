import { z } from 'zod'
import { PortSchema } from '../../protocol/kit/fields.ts'
import type { AsicFacts, Board, Fan } from '../asic/facts.ts'
import { fromGhs, fromThs } from '../asic/hashrates.ts'
import { acceptedShares, stratumPools } from '../asic/pools.ts'
import { minerSession } from '../asic/session.ts'
import { defineDriver } from '../plugin/driver.ts'
import {
  isRow,
  macOf,
  nonNegativeOf,
  numberOf,
  numbersOf,
  positiveOf,
  type Row,
  rowsOf,
  textOf,
} from '../wire/loose-json/fields.ts'
import type { Address } from '../wire/tcp/address.ts'
import { LoginAuth, login, type WebAccess, WebAccessSchema } from '../wire/web-auth.ts'
import { LIST, noPage, WebClient } from '../wire/web-client.ts'

const API = '/api/v1'
const LOGIN = `${API}/auth/login`
const TELEMETRY = `${API}/telemetry?level=miner,hashboard,psu`

export default defineDriver({
  name: 'proto',
  summary: 'Proto Rig (ProtoOS), HTTP',
  kind: 'asic',
  settings: z.object({
    port: PortSchema.default(80).describe('port of the web interface'),
    web: WebAccessSchema.optional().describe(
      'login of the web interface, where it wants one; its one user has no name',
    ),
  }),
  needsHost: true,
  requests: [
    ...['system', 'network', 'hardware', 'mining', 'pools', 'cooling', 'errors'].map(
      (page) => `GET ${API}/${page}`,
    ),
    `GET ${TELEMETRY}`,
    `POST ${LOGIN}`,
  ],
  recognises: ({ httpRoot }) => /<title>\s*Proto ?OS/i.test(httpRoot?.body ?? ''),
  open({ host, options: { port, web } }) {
    const client = pagesOf({ host, port }, web)
    return minerSession({
      async gather(signal) {
        const once = (page: string) => client.getOnce(`${API}/${page}`, signal).catch(noPage)
        const ask = (page: string) => client.get(`${API}/${page}`, signal).catch(noPage)
        const system = part(await once('system'), 'system-info')
        const network = part(await once('network'), 'network-info')
        const hardware = part(await ask('hardware'), 'hardware-info')
        const mining = part(await client.get(`${API}/mining`, signal), 'mining-status')
        const telemetry = await client.get(TELEMETRY, signal).catch(noPage)
        const pools = await ask('pools')
        return {
          ...miningFacts(mining, telemetry),
          ...identity(system, network, hardware),
          boards: boardsOf(hardware, telemetry),
          boardTempsC: rowsOf(telemetry, 'hashboards').flatMap((b) =>
            numbersOf(part(b, 'temperature')['outlet']),
          ),
          fans: fansOf(part(await ask('cooling'), 'cooling-status')),
          faults: rowsOf(await ask('errors'), LIST).map(faultOf),
          pools: pools && poolsOf(pools),
        }
      },
      forget: () => client.forget(),
    })
  },
})

function pagesOf(at: Address, web: WebAccess | undefined): WebClient {
  if (!web) return new WebClient(at)
  const credentials = { password: web.password.reveal() }
  return new WebClient(at, new LoginAuth((signal) => login(at, LOGIN, credentials, signal)))
}

const part = (row: Row | undefined, name: string): Row => {
  const value = row?.[name]
  return isRow(value) ? value : {}
}
/** `{ unit: "W", value: 3466.4 }`; the units are the same in every version of the API. */
const metric = (row: Row, name: string): number | undefined => nonNegativeOf(part(row, name), 'value')

function identity(system: Row, network: Row, hardware: Row): AsicFacts {
  const version = textOf(part(system, 'os'), 'version')
  return {
    model: textOf(system, 'product_name', 'model'),
    firmware: version && `ProtoOS ${version}`,
    hardwareId: macOf(network['mac']) ?? textOf(part(hardware, 'cb-info'), 'serial_number'),
  }
}

function miningFacts(mining: Row, telemetry: Row | undefined): AsicFacts {
  const status = textOf(mining, 'status') ?? ''
  return {
    hashrateHs: fromGhs(nonNegativeOf(mining, 'hashrate_ghs')),
    hashrateAvgHs: fromGhs(nonNegativeOf(mining, 'average_hashrate_ghs')),
    expectedHashrateHs: fromGhs(positiveOf(mining, 'ideal_hashrate_ghs')),
    power: powerOf(mining, telemetry),
    powerLimitW: positiveOf(mining, 'power_target_watts'),
    boardsFitted: nonNegativeOf(mining, 'hashboards_installed'),
    inletTempC: coldest(
      rowsOf(telemetry, 'psus').flatMap((psu) => numberOf(part(psu, 'temperature')['ambient']) ?? []),
    ),
    uptimeS: nonNegativeOf(mining, 'mining_uptime_s', 'reboot_uptime_s'),
    asleep: /^(Stopped|PoweringOff)$/.test(status),
    starting: /^(Uninitialized|PoweringOn)$/.test(status),
  }
}

/** What all supplies draw, else what the boards take. */
function powerOf(mining: Row, telemetry: Row | undefined): AsicFacts['power'] {
  const inputsW = rowsOf(telemetry, 'psus').map((psu) => positiveOf(part(psu, 'power'), 'input'))
  if (inputsW.length > 0 && inputsW.every((w) => w !== undefined))
    return { powerW: inputsW.reduce((a, b) => a + b, 0), basis: 'reported' }
  const boardsW = positiveOf(mining, 'power_usage_watts')
  return boardsW === undefined ? undefined : { powerW: boardsW, basis: 'estimated' }
}

/** Slots may stay empty between boards; telemetry counts the boards from 0 and has the serial numbers. */
function boardsOf(hardware: Row, telemetry: Row | undefined): Board[] | undefined {
  const fitted = rowsOf(hardware, 'hashboards-info')
  const measured = rowsOf(telemetry, 'hashboards')
  if (fitted.length === 0) return undefined
  return fitted.map((board, i) => {
    const serial = textOf(board, 'hb_sn')
    const now = measured.find((m) => serial !== undefined && textOf(m, 'serial_number') === serial)
    const ths = now && metric(now, 'hashrate')
    return {
      name: `hashboard ${nonNegativeOf(board, 'slot') ?? i + 1}`,
      hashrateHs: fromThs(ths),
      chipsFitted: positiveOf(board, 'mining_asic_count'),
    }
  })
}

const fansOf = (cooling: Row): Fan[] =>
  rowsOf(cooling, 'fans').flatMap((fan, i) => {
    const rpm = nonNegativeOf(fan, 'rpm')
    return rpm === undefined ? [] : [{ name: `fan ${nonNegativeOf(fan, 'slot') ?? i + 1}`, rpm }]
  })

const coldest = (temps: readonly number[]): number | undefined =>
  temps.length > 0 ? Math.min(...temps) : undefined

const faultOf = (row: Row): string =>
  [textOf(row, 'error_code'), textOf(row, 'message')].filter((text) => text).join(': ') ||
  'error of unknown kind'

/** Real rigs sum up the difficulty of the accepted shares; the emulated one only counts them. */
function poolsOf(reply: Row) {
  const rows = rowsOf(reply, 'pools').sort(
    (a, b) => (nonNegativeOf(a, 'priority') ?? 0) - (nonNegativeOf(b, 'priority') ?? 0),
  )
  const isActive = (pool: Row) => statusOf(pool) === 'Active'
  const accepted = rows.map((pool) => nonNegativeOf(pool, 'accepted'))
  return stratumPools(
    rows.map((pool) => ({
      url: textOf(pool, 'url'),
      user: textOf(pool, 'user', 'username'),
      alive: statusOf(pool) !== 'Dead',
      active: isActive(pool),
      workDiff1: nonNegativeOf(pool, 'difficulty_accepted_shares'),
    })),
    acceptedShares(
      accepted.reduce((all, n) => (all === undefined || n === undefined ? undefined : all + n), 0),
      positiveOf(rows.find(isActive), 'current_difficulty', 'difficulty'),
    ),
  )
}

const statusOf = (pool: Row): string => textOf(pool, 'status', 'connection_status') ?? ''
