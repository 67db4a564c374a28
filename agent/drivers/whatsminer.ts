import { z } from 'zod'
import { poolFacts } from '../asic/cgminer-pools.ts'
import { type AsicFacts, type Board, fansWithSpeed } from '../asic/facts.ts'
import { firmwareOf } from '../asic/firmware.ts'
import { fromGhs, fromMhs } from '../asic/hashrates.ts'
import { ratedJPerTh } from '../asic/models/rated-efficiency.ts'
import { powerFact, wattsOf } from '../asic/power.ts'
import { cgminerSession } from '../asic/session.ts'
import { minerPort } from '../asic/settings.ts'
import { whatsminerFault } from '../asic/whatsminer-errors.ts'
import { defineDriver } from '../plugin/driver.ts'
import type { CgminerReply } from '../wire/cgminer/reply.ts'
import {
  isRow,
  isTrue,
  macOf,
  nonNegativeOf,
  numberOf,
  positiveOf,
  type Row,
  rowsOf,
  textOf,
} from '../wire/loose-json/fields.ts'

export default defineDriver({
  name: 'whatsminer',
  summary: 'MicroBT Whatsminer with API 1 or 2 (firmware before 2024-11), TCP 4028',
  kind: 'asic',
  settings: z.strictObject({ port: minerPort(4028) }),
  needsHost: true,
  requests: ['summary', 'edevs', 'devs', 'pools', 'status', 'get_version', 'devdetails', 'get_error_code'],
  recognises: ({ version4028, devdetails4028 }) => firmwareOf(version4028, devdetails4028) === 'Whatsminer',
  open: ({ host, options: { port } }) =>
    cgminerSession({ host, port, firmware: 'Whatsminer' }, async (client, signal) => {
      const version = await client.askOnce('get_version', signal)
      const details = await client.askOnce('devdetails', signal)
      const summaryReply = await client.ask('summary', signal)
      const boards = await client.askFirst(['edevs', 'devs'], signal)
      const pools = await client.askOptional('pools', signal)
      const status = await client.askOptional('status', signal)
      const summary = rowsOf(summaryReply.body, 'SUMMARY')[0] ?? {}
      // API 1 lists the errors in `summary`, API 2 in a command of its own
      const errors =
        summary['Error Code Count'] === undefined
          ? await client.askOptional('get_error_code', signal)
          : undefined
      return {
        ...summaryFacts(summary),
        ...boardFacts(summary, boards),
        model: modelOf(details),
        efficiencyJPerTh: ratedJPerTh(modelOf(details)),
        firmware: textOf(message(version), 'fw_ver') ?? textOf(summary, 'Firmware Version'),
        asleep: isTrue(message(status)?.['btmineroff'] ?? message(status)?.['mineroff']),
        faults: [...errorsOfSummary(summary), ...errorsOf(message(errors)?.['error_code'])].map(
          whatsminerFault,
        ),
        pools: pools && poolFacts(pools),
      }
    }),
})

/** `summary` is in MH/s, except the factory's nominal hashrate in GH/s. */
function summaryFacts(summary: Row): AsicFacts {
  const current = fromMhs(nonNegativeOf(summary, 'HS RT', 'MHS 5s', 'MHS 1m'))
  const factoryGhs = positiveOf(summary, 'Factory GHS')
  const liquidCooled = isTrue(summary['Liquid Cooling'])
  return {
    hardwareId: macOf(summary['MAC']),
    hashrateHs: current,
    hashrateAvgHs: fromMhs(nonNegativeOf(summary, 'MHS av')),
    expectedHashrateHs: fromGhs(factoryGhs) ?? fromMhs(positiveOf(summary, 'Target MHS')),
    power: powerFact(wattsOf(summary, !!current, 'Power', 'Power_RT'), 'reported'),
    powerLimitW: positiveOf(summary, 'Power Limit'),
    inletTempC: numberOf(summary['Env Temp']),
    liquidCooled,
    fans: liquidCooled ? [] : fansOf(summary),
    uptimeS: nonNegativeOf(summary, 'Elapsed'),
  }
}

const fansOf = (summary: Row) =>
  fansWithSpeed([
    { name: 'intake fan', rpm: nonNegativeOf(summary, 'Fan Speed In') },
    { name: 'exhaust fan', rpm: nonNegativeOf(summary, 'Fan Speed Out') },
  ])

function boardFacts(summary: Row, reply: CgminerReply | undefined): AsicFacts {
  const rows = rowsOf(reply?.body, 'DEVS')
  const temps = (name: string) =>
    [...rows, summary].map((row) => numberOf(row[name])).filter((t) => t !== undefined)
  return {
    boards: reply?.complete ? rows.map(boardOf) : undefined,
    chipTempsC: temps('Chip Temp Max'),
    boardTempsC: temps('Temperature'),
    // the chips' frequency is still rising to its target
    starting: rows.some((row) => numberOf(row['Upfreq Complete']) === 0),
  }
}

function boardOf(row: Row, i: number): Board {
  const mhs = nonNegativeOf(row, 'MHS 1m', 'MHS 5m', 'MHS av')
  const status = textOf(row, 'Status') ?? 'Alive'
  return {
    name: `hashboard ${nonNegativeOf(row, 'Slot', 'ASC') ?? i}`,
    hashrateHs: fromMhs(mhs),
    chipsWorking: nonNegativeOf(row, 'Effective Chips'),
    dead: status === 'Alive' ? undefined : `status ${status}`,
  }
}

/** MicroBT's own commands put their answer into `Msg`. */
const message = (reply: CgminerReply | undefined): Row | undefined =>
  isRow(reply?.body['Msg']) ? reply.body['Msg'] : undefined

function modelOf(details: CgminerReply | undefined): string | undefined {
  const model = textOf(rowsOf(details?.body, 'DEVDETAILS')[0], 'Model')
  return model && `Whatsminer ${model}`
}

/** API 1: `Error Code 0`, `Error Code 1` ... in the summary. */
const errorsOfSummary = (summary: Row): number[] =>
  Object.entries(summary)
    .filter(([key]) => /^Error Code \d+$/.test(key))
    .flatMap(([, value]) => numberOf(value) ?? [])

/** API 2: `[{"218":"when"}]`; some firmware sends `["218"]` or `{"218":"when"}`. */
function errorsOf(list: unknown): number[] {
  const items: unknown[] = Array.isArray(list) ? list : [list]
  return items
    .flatMap((item) => (isRow(item) ? Object.keys(item) : [item]))
    .flatMap((code) => numberOf(code) ?? [])
}
