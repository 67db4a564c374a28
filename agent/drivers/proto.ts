import { z } from 'zod'
import { type AsicFacts, type Board, coldest, fansWithSpeed, sumOfAll } from '../asic/facts.ts'
import { fromGhs, fromThs } from '../asic/hashrates.ts'
import { ratedJPerTh } from '../asic/models/rated-efficiency.ts'
import { acceptedShares, stratumPools } from '../asic/pools.ts'
import { powerFact } from '../asic/power.ts'
import { alone, webSession } from '../asic/session.ts'
import { webLogin, webPort } from '../asic/settings.ts'
import { inputsPower } from '../asic/supplies.ts'
import { FittedParts } from '../host-power/fitted-parts.ts'
import { defineDriver } from '../plugin/driver.ts'
import {
  macOf,
  nonNegativeOf,
  numberOf,
  numbersOf,
  positiveOf,
  type Row,
  rowOf,
  rowsOf,
  textOf,
  valueAt,
} from '../wire/loose-json/fields.ts'
import type { Address } from '../wire/tcp/address.ts'
import { LoginAuth, login, type WebAccess } from '../wire/web-auth.ts'
import { isCut, LIST, WebClient } from '../wire/web-client.ts'

const API = '/api/v1'
const LOGIN = `${API}/auth/login`
const TELEMETRY = `${API}/telemetry?level=miner,hashboard,psu`

export default defineDriver({
  name: 'proto',
  summary: 'Proto Rig (ProtoOS), HTTP',
  kind: 'asic',
  settings: z.strictObject({
    port: webPort(),
    web: webLogin('login of the web interface, where it requires one; only the password is used'),
  }),
  needsHost: true,
  requests: [
    ...['system', 'network', 'hardware', 'mining', 'pools', 'cooling', 'errors'].map(
      (page) => `GET ${API}/${page}`,
    ),
    `GET ${TELEMETRY}`,
    `POST ${LOGIN}`,
  ],
  recognises: ({ httpRoot, apiV1System, apiV1Mining }) =>
    /<title>\s*Proto ?OS/i.test(httpRoot?.body ?? '') ||
    /"system-info"\s*:.*"name"\s*:\s*"ProtoOS"/s.test(apiV1System ?? '') ||
    /"mining-status"\s*:/.test(apiV1Mining ?? ''),
  open: ({ host, options: { port, web } }) => {
    const fitted = new FittedParts('power supplies')
    return webSession(webClient({ host, port }, web), async (pages, signal) => {
      const once = (page: string) => alone(signal, (wait) => pages.getOnce(`${API}/${page}`, wait))
      const ask = (page: string) => alone(signal, (wait) => pages.get(`${API}/${page}`, wait))
      const mining = part(await ask('mining'), 'mining-status')
      const telemetry = await alone(signal, (wait) => pages.get(TELEMETRY, wait))
      const pools = await ask('pools')
      const hardwarePage = await ask('hardware')
      const hardware = part(hardwarePage, 'hardware-info')
      const system = part(await once('system'), 'system-info')
      const network = part(await once('network'), 'network-info')
      const boards = boardsOf(hardware, telemetry)
      const facts = miningFacts(mining, telemetry)
      return {
        ...facts,
        ...powerOf(mining, telemetry, { hardware, fitted }),
        ...identity(system, network, hardware),
        hashrateHs: facts.hashrateHs ?? sumOfAll((boards ?? []).map((board) => board.hashrateHs)),
        boards: isCut(hardwarePage) ? undefined : boards,
        boardTempsC: rowsOf(telemetry, 'hashboards').flatMap((b) =>
          numbersOf(valueAt(b, 'temperature', 'outlet')),
        ),
        fans: fansOf(part(await ask('cooling'), 'cooling-status')),
        faults: rowsOf(await ask('errors'), LIST).map(faultOf),
        pools: pools && poolsOf(pools),
      }
    })
  },
})

function webClient(at: Address, web: WebAccess | undefined): WebClient {
  if (!web) return new WebClient(at)
  const credentials = { password: web.password.reveal() }
  const auth = new LoginAuth((signal) => login(at, LOGIN, credentials, signal), { optional: true })
  return new WebClient(at, auth)
}

const part = (row: Row | undefined, name: string): Row => rowOf(row?.[name])

function identity(system: Row, network: Row, hardware: Row): AsicFacts {
  const version = textOf(part(system, 'os'), 'version')
  const model = textOf(system, 'product_name', 'model')
  return {
    model,
    sha256Only: true,
    efficiencyJPerTh: ratedJPerTh(model),
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
    powerLimitW: positiveOf(mining, 'power_target_watts'),
    boardsFitted: nonNegativeOf(mining, 'hashboards_installed'),
    inletTempC: coldest(
      rowsOf(telemetry, 'psus').flatMap((psu) => numberOf(valueAt(psu, 'temperature', 'ambient')) ?? []),
    ),
    uptimeS: nonNegativeOf(mining, 'mining_uptime_s', 'reboot_uptime_s'),
    stopped: {
      mining: status
        ? /^(stopp(ed|ing)|power(ing|ed)off|curtailed|paused|sleeping)$/i.test(status)
        : undefined,
    },
    // `Starting` in older versions of the API
    starting: /^(Uninitialized|PoweringOn|Starting)$/.test(status),
  }
}

/** The input of all power supplies that are fitted, else the firmware's figure for the boards. */
function powerOf(
  mining: Row,
  telemetry: Row | undefined,
  { hardware, fitted }: { hardware: Row; fitted: FittedParts },
): Pick<AsicFacts, 'power' | 'notes'> {
  const told = rowsOf(telemetry, 'psus')
  const inputsW = told.map((psu) => positiveOf(part(psu, 'power'), 'input'))
  const untold = told.length > 0 ? rowsOf(hardware, 'psus-info').length - told.length : 0
  const inputs = inputsPower([...inputsW, ...Array<undefined>(Math.max(0, untold)).fill(undefined)], fitted)
  return { ...inputs, power: inputs.power ?? powerFact(positiveOf(mining, 'power_usage_watts'), 'estimated') }
}

/** Matches boards by serial number: there may be empty slots between them, and telemetry numbers the boards from 0. */
function boardsOf(hardware: Row, telemetry: Row | undefined): Board[] | undefined {
  const fitted = rowsOf(hardware, 'hashboards-info')
  const measured = rowsOf(telemetry, 'hashboards')
  if (fitted.length === 0) return undefined
  return fitted.map((board, i) => {
    const serial = textOf(board, 'hb_sn')
    const now = measured.find((m) => serial !== undefined && textOf(m, 'serial_number') === serial)
    return {
      name: `hashboard ${nonNegativeOf(board, 'slot') ?? i + 1}`,
      // { unit: "TH/s", value: 60.4 }; the unit is the same in every version of the API
      hashrateHs: fromThs(nonNegativeOf(part(now, 'hashrate'), 'value')),
      chipsFitted: positiveOf(board, 'mining_asic_count'),
    }
  })
}

const fansOf = (cooling: Row) =>
  fansWithSpeed(
    rowsOf(cooling, 'fans').map((fan, i) => ({
      name: `fan ${nonNegativeOf(fan, 'slot') ?? i + 1}`,
      rpm: nonNegativeOf(fan, 'rpm'),
    })),
  )

const faultOf = (row: Row): string =>
  [textOf(row, 'error_code'), textOf(row, 'message')].filter((text) => text).join(': ') ||
  'an error without code and message'

/** Real rigs add up the difficulty of accepted shares (`difficulty_accepted_shares`); Proto's emulator only counts shares. */
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
      // no pool: 0, not unknown
      sumOfAll([0, ...accepted]),
      positiveOf(rows.find(isActive), 'current_difficulty', 'difficulty'),
      sumOfAll([0, ...rows.map((pool) => nonNegativeOf(pool, 'rejected'))]),
    ),
  )
}

const statusOf = (pool: Row): string => textOf(pool, 'status', 'connection_status') ?? ''
