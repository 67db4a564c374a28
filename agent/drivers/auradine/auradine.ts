import { z } from 'zod'
import { PortSchema } from '../../../protocol/kit/fields.ts'
import { poolFacts } from '../../asic/cgminer-pools.ts'
import type { AsicFacts, Board, Fan } from '../../asic/facts.ts'
import { firmwareIn } from '../../asic/firmware.ts'
import { fromMhs, fromThs } from '../../asic/hashrates.ts'
import { ratedJPerTh } from '../../asic/models/rated-efficiency.ts'
import { cgminerSession, supplement } from '../../asic/session.ts'
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
import { LoginAuth, login, type WebAccess, WebAccessSchema } from '../../wire/web-auth.ts'
import { noPage, WebClient } from '../../wire/web-client.ts'
import { auradineFault, isAuradineStarting } from './leds.ts'

const FIRMWARE = 'Auradine FluxOS'
/** Asked over HTTP where a login is configured, else of the miner's own port, which may refuse them. */
const STATIC_PAGES = ['ipreport', 'asccount']
const PAGES = [...STATIC_PAGES, 'psu', 'fan', 'temperature', 'mode', 'led']

export default defineDriver({
  name: 'auradine',
  summary: 'Auradine Teraflux (FluxOS), TCP 4028; power and temperatures over HTTP with a login',
  kind: 'asic',
  settings: z.object({
    port: PortSchema.default(4028).describe('TCP port of the miner’s API'),
    apiPort: PortSchema.default(8080).describe('port of the HTTP API'),
    web: WebAccessSchema.optional().describe('login of the HTTP API; without it, the miner’s port is asked'),
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
    return cgminerSession(
      { host, port, firmware: FIRMWARE, forget: () => api?.forget() },
      async (client, signal) => {
        await client.askOnce('version', signal)
        const summary = await client.ask('summary', signal)
        const devs = await client.askOptional('devs', signal)
        const pools = await client.askOptional('pools', signal)
        const own: Row = { ...summary.body, ...devs?.body }
        const page = async (name: string, soon: AbortSignal): Promise<Row | undefined> => {
          const once = STATIC_PAGES.includes(name)
          if (api) return (once ? api.getOnce(`/${name}`, soon) : api.get(`/${name}`, soon)).catch(noPage)
          return (once ? await client.askOnce(name, soon) : await client.askOptional(name, soon))?.body
        }
        const told = await supplement(async (soon) => {
          // each page is a section with a name of its own
          const sections = { ...own }
          for (const name of PAGES) Object.assign(sections, await page(name, soon))
          return auradineFacts(sections)
        }, signal)
        const facts = { ...auradineFacts(own), ...told }
        return {
          ...facts,
          boards: devs?.complete ? facts.boards : undefined,
          pools: pools && poolFacts(pools),
        }
      },
    )
  },
})

/** A token is good for an hour, and stands in a header of its own. */
function httpApi(at: Address, { username, password }: WebAccess): WebClient {
  const credentials = { command: 'token', user: username, password: password.reveal() }
  const shown = (token: string) => ({ token })
  return new WebClient(at, new LoginAuth((signal) => login(at, '/token', credentials, signal, shown)))
}

function auradineFacts(sections: Row): AsicFacts {
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
    efficiencyJPerTh: ratedJPerTh(name),
    firmware: version && `FluxOS ${version}`,
    hardwareId: macOf(report['mac']) ?? textOf(report, 'SerialNo'),
    hashrateHs: fromMhs(nonNegativeOf(summary, 'MHS 5s', 'MHS 1m')),
    hashrateAvgHs: fromMhs(nonNegativeOf(summary, 'MHS av')),
    expectedHashrateHs: fromThs(positiveOf(mode, 'Ths')),
    power: powerOf(first('PSU'), summary),
    powerLimitW: positiveOf(mode, 'Power'),
    boards: boardsOf(sections),
    boardsFitted: nonNegativeOf(first('ASCCount'), 'BoardCount'),
    chipTempsC: boardTemps.flatMap((row) => temperatures(row, 'ChipTemp')),
    boardTempsC: sensorsC,
    // of the sensors along a board the coldest are where the air comes in
    inletTempC: sensorsC.length > 0 ? Math.min(...sensorsC) : undefined,
    fans: fansOf(sections),
    // AT is cooled by air, AI by immersion, AH by water
    liquidCooled: /^A[HI]/.test(model ?? ''),
    uptimeS: nonNegativeOf(summary, 'Elapsed'),
    asleep: /^(on|true)$/i.test(String(mode['Sleep'])),
    starting: isAuradineStarting(light),
    faults: fault ? [fault] : [],
  }
}

/** The supply measures its input; where `Wattage` of the summary is measured, nobody says. */
function powerOf(supply: Row, summary: Row): AsicFacts['power'] {
  const inputW = positiveOf(supply, 'PowerIn')
  if (inputW !== undefined) return { powerW: inputW, basis: 'reported' }
  const powerW = positiveOf(summary, 'Wattage')
  return powerW === undefined ? undefined : { powerW, basis: 'estimated' }
}

function boardsOf(sections: Row): Board[] {
  const count = rowsOf(sections, 'ASCCount')[0]
  const chips = (positiveOf(count, 'AsicCount') ?? 0) / (positiveOf(count, 'BoardCount') ?? 1) || undefined
  return rowsOf(sections, 'DEVS').map((row, i) => {
    const id = nonNegativeOf(row, 'ID', 'DEV') ?? i
    const board = rowsOf(sections, 'Temperature').find((t) => nonNegativeOf(t, 'ID') === id)
    const chipTempsC = board && temperatures(board, 'ChipTemp')
    const status = textOf(row, 'Status') ?? 'Alive'
    return {
      name: `hashboard ${id}`,
      hashrateHs: fromMhs(nonNegativeOf(row, 'MHS 5s')),
      chipsFitted: chips,
      // a chip that doesn't answer has no temperature; a list that is cut says nothing
      chipsWorking:
        chips !== undefined && chipTempsC?.length === chips
          ? chipTempsC.filter((c) => c > 0).length
          : undefined,
      dead: status !== 'Alive' ? `status ${status}` : row['Enabled'] === false ? 'disabled' : undefined,
    }
  })
}

const temperatures = (row: Row, sensors: string): number[] =>
  rowsOf(row, sensors).flatMap((sensor) => numberOf(sensor['Temperature']) ?? [])

const fansOf = (sections: Row): Fan[] =>
  rowsOf(sections, 'Fan').flatMap((row, i) => {
    const rpm = nonNegativeOf(row, 'Speed')
    return rpm === undefined ? [] : [{ name: `fan ${nonNegativeOf(row, 'ID') ?? i}`, rpm }]
  })
