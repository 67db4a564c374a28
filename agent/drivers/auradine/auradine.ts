import { z } from 'zod'
import { isInitialising } from '../../asic/cgminer-facts.ts'
import { poolFacts } from '../../asic/cgminer-pools.ts'
import { type AsicFacts, type Board, coldest, fansWithSpeed, sumOfAll } from '../../asic/facts.ts'
import { firmwareIn } from '../../asic/firmware.ts'
import { fromMhs, fromThs } from '../../asic/hashrates.ts'
import { ratedJPerTh } from '../../asic/models/rated-efficiency.ts'
import { powerFact } from '../../asic/power.ts'
import { alone, cgminerSession, supplement } from '../../asic/session.ts'
import { minerPort, webLogin, webPort } from '../../asic/settings.ts'
import { inputsPower } from '../../asic/supplies.ts'
import { FittedParts } from '../../host-power/fitted-parts.ts'
import { defineDriver } from '../../plugin/driver.ts'
import {
  macOf,
  nonNegativeOf,
  numberOf,
  positiveOf,
  type Row,
  rowsOf,
  textOf,
} from '../../wire/loose-json/fields.ts'
import type { Address } from '../../wire/tcp/address.ts'
import { LoginAuth, login, type WebAccess } from '../../wire/web-auth.ts'
import { WebClient } from '../../wire/web-client.ts'
import { auradineFault, isAuradineStarting } from './leds.ts'

const FIRMWARE = 'Auradine FluxOS'
/** Requested over HTTP where a login is configured, else on TCP 4028, which may refuse them. */
const STATIC_PAGES = ['ipreport', 'asccount']
const PAGES = [...STATIC_PAGES, 'psu', 'fan', 'temperature', 'mode', 'led']

export default defineDriver({
  name: 'auradine',
  summary: 'Auradine Teraflux (FluxOS), TCP 4028; power and temperatures over HTTP with a login',
  kind: 'asic',
  settings: z.strictObject({
    port: minerPort(4028),
    apiPort: webPort(8080),
    web: webLogin(
      'login of the web interface; without it, power and temperatures are read on TCP 4028 where it allows',
    ),
  }),
  needsHost: true,
  requests: [
    'version',
    'summary',
    'devs',
    'pools',
    ...PAGES,
    'POST /token',
    ...PAGES.map((page) => `GET /${page}`),
  ],
  recognises: (answers) => firmwareIn(answers) === FIRMWARE,
  open({ host, options: { port, apiPort, web } }) {
    const api = web && httpApi({ host, port: apiPort }, web)
    const fitted = new FittedParts('power supplies')
    return cgminerSession(
      { host, port, firmware: FIRMWARE, forget: () => api?.forget() },
      async (client, signal) => {
        const summary = await client.askOptional('summary', signal)
        const devs = await client.askOptional('devs', signal)
        const pools = await client.askOptional('pools', signal)
        await client.askOnce('version', signal)
        const own: Row = { ...summary?.body, ...devs?.body }
        const page = async (name: string, wait: AbortSignal): Promise<Row | undefined> => {
          const once = STATIC_PAGES.includes(name)
          if (api)
            return alone(wait, (own) => (once ? api.getOnce(`/${name}`, own) : api.get(`/${name}`, own)))
          return (once ? await client.askOnce(name, wait) : await client.askOptional(name, wait))?.body
        }
        const more = await supplement(async (wait) => {
          // the pages' sections have different names
          const sections = { ...own }
          for (const name of PAGES) Object.assign(sections, await page(name, wait))
          return auradineFacts(sections, fitted)
        }, signal)
        const facts = { ...auradineFacts(own, fitted), ...more }
        return {
          ...facts,
          boards: devs?.complete ? facts.boards : undefined,
          pools: pools && poolFacts(pools),
        }
      },
    )
  },
})

/** A token is valid for one hour, and is sent in a header named `token`. */
function httpApi(at: Address, { username, password }: WebAccess): WebClient {
  const credentials = { command: 'token', user: username, password: password.reveal() }
  const header = (token: string) => ({ token })
  return new WebClient(at, new LoginAuth((signal) => login(at, '/token', credentials, signal, header)))
}

function auradineFacts(sections: Row, fitted: FittedParts): AsicFacts {
  const first = (name: string): Row => rowsOf(sections, name)[0] ?? {}
  const summary = first('SUMMARY')
  const report = first('IPReport')
  const mode = first('Mode')
  const version = textOf(report, 'version')
  const model = textOf(report, 'model')
  const light = nonNegativeOf(first('LED'), 'Code') ?? 0
  const fault = auradineFault(light)
  const boardTemps = rowsOf(sections, 'Temperature').filter((row) => nonNegativeOf(row, 'ID') !== 0)
  const sensorsC = boardTemps.flatMap((row) => temperatures(row, 'BoardTemp'))
  const name = model && `Auradine ${model}`
  return {
    model: name,
    sha256Only: true,
    efficiencyJPerTh: ratedJPerTh(name),
    firmware: version && `FluxOS ${version}`,
    hardwareId: macOf(report['mac']) ?? textOf(report, 'SerialNo'),
    hashrateHs:
      fromMhs(nonNegativeOf(summary, 'MHS 5s', 'MHS 1m')) ??
      fromMhs(sumOfAll(rowsOf(sections, 'DEVS').map((row) => nonNegativeOf(row, 'MHS 5s')))),
    hashrateAvgHs: fromMhs(nonNegativeOf(summary, 'MHS av')),
    expectedHashrateHs: fromThs(positiveOf(mode, 'Ths')),
    hashratesBeside: [
      { name: 'its average of 1 min', hashrateHs: fromMhs(nonNegativeOf(summary, 'MHS 1m')), windowS: 60 },
      { name: 'its average of 15 min', hashrateHs: fromMhs(nonNegativeOf(summary, 'MHS 15m')), windowS: 900 },
    ],
    boardsAreNow: true,
    ...powerOf(rowsOf(sections, 'PSU'), summary, fitted),
    powerLimitW: positiveOf(mode, 'Power'),
    boards: boardsOf(sections),
    boardsFitted: nonNegativeOf(first('ASCCount'), 'BoardCount'),
    chipTempsC: boardTemps.flatMap((row) => temperatures(row, 'ChipTemp')),
    boardTempsC: sensorsC,
    // the sensors stand along the board: the coldest is next to the air inlet
    inletTempC: coldest(sensorsC),
    fans: fansOf(sections),
    uptimeS: nonNegativeOf(summary, 'Elapsed'),
    stopped: { mode: mode['Sleep'] === undefined ? undefined : /^(on|true)$/i.test(String(mode['Sleep'])) },
    starting: isAuradineStarting(light) || rowsOf(sections, 'DEVS').some(isInitialising),
    faults: fault ? [fault] : [],
  }
}

/** Each power supply measures its input. Auradine does not document where `Wattage` of `summary` is measured. */
function powerOf(
  supplies: readonly Row[],
  summary: Row,
  fitted: FittedParts,
): Pick<AsicFacts, 'power' | 'notes'> {
  const inputs = inputsPower(
    supplies.map((supply) => positiveOf(supply, 'PowerIn')),
    fitted,
  )
  return { ...inputs, power: inputs.power ?? powerFact(positiveOf(summary, 'Wattage'), 'estimated') }
}

function boardsOf(sections: Row): Board[] {
  const count = rowsOf(sections, 'ASCCount')[0]
  const [all, boards] = [positiveOf(count, 'AsicCount'), positiveOf(count, 'BoardCount')]
  const chips = all === undefined || boards === undefined ? undefined : all / boards
  return rowsOf(sections, 'DEVS').map((row, i) => {
    const id = nonNegativeOf(row, 'ID', 'DEV') ?? i
    const board = rowsOf(sections, 'Temperature').find((t) => nonNegativeOf(t, 'ID') === id)
    const chipTempsC = board && temperatures(board, 'ChipTemp')
    const status = textOf(row, 'Status') ?? 'Alive'
    return {
      name: `hashboard ${id}`,
      hashrateHs: fromMhs(nonNegativeOf(row, 'MHS 5s')),
      chipsFitted: chips,
      // a chip that does not answer has no temperature; a list of another length is cut
      chipsWorking:
        chips !== undefined && chipTempsC?.length === chips
          ? chipTempsC.filter((c) => c > 0).length
          : undefined,
      dead:
        status !== 'Alive' && !isInitialising(row)
          ? `status ${status}`
          : row['Enabled'] === false
            ? 'disabled'
            : undefined,
    }
  })
}

const temperatures = (row: Row, sensors: string): number[] =>
  rowsOf(row, sensors).flatMap((sensor) => numberOf(sensor['Temperature']) ?? [])

const fansOf = (sections: Row) =>
  fansWithSpeed(
    rowsOf(sections, 'Fan').map((row, i) => ({
      name: `fan ${nonNegativeOf(row, 'ID') ?? i}`,
      rpm: nonNegativeOf(row, 'Speed'),
    })),
  )
