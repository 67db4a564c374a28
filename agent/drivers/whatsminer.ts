import { z } from 'zod'
import { isInitialising } from '../asic/cgminer-facts.ts'
import { poolFacts } from '../asic/cgminer-pools.ts'
import { type AsicFacts, fansWithSpeed } from '../asic/facts.ts'
import { firmwareIn } from '../asic/firmware.ts'
import { ratedJPerTh } from '../asic/models/rated-efficiency.ts'
import { powerFact, wattsOf } from '../asic/power.ts'
import { cgminerSession } from '../asic/session.ts'
import { minerPort } from '../asic/settings.ts'
import { whatsminerFault } from '../asic/whatsminer-errors.ts'
import { isClimbing, isRamping, whatsminerHashrates } from '../asic/whatsminer-hashrates.ts'
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
  summary: 'MicroBT Whatsminer with API 1 or 2, TCP 4028',
  kind: 'asic',
  settings: z.strictObject({ port: minerPort(4028) }),
  needsHost: true,
  requests: [
    'summary',
    'edevs',
    'devs',
    'pools',
    'status',
    'get_version',
    'devdetails',
    'get_error_code',
    'get_miner_info',
  ],
  recognises: (answers) => firmwareIn(answers) === 'Whatsminer',
  open: ({ host, options: { port } }) =>
    cgminerSession({ host, port, firmware: 'Whatsminer' }, async (client, signal) => {
      const summaryReply = await client.askOptional('summary', signal)
      const pools = await client.askOptional('pools', signal)
      const devices = await client.askFirst(['edevs', 'devs'], 'DEVS', signal)
      const details = await client.askOnce('devdetails', signal)
      const version = message(await client.askOnce('get_version', signal))
      // a machine that is powered off refuses everything else
      const status = message(await client.askOptional('status', signal))
      const summary = recordsOf(summaryReply, 'SUMMARY')[0]
      // API 1 lists the errors in `summary`, API 2 in a command of its own
      const errors =
        summary?.['Error Code Count'] === undefined
          ? message(await client.askOptional('get_error_code', signal))
          : undefined
      const info =
        summary?.['MAC'] === undefined ? message(await client.askOnce('get_miner_info', signal)) : undefined
      const rows = recordsOf(devices, 'DEVS')
      const model = modelOf(details, version)
      const ramping = isRamping(summary, rows)
      const { boards, ...hashrates } = whatsminerHashrates(summary, rows, ramping)
      return {
        ...summaryFacts(summary, !!hashrates.hashrateHs),
        ...boardTemps([...rows, summary ?? {}]),
        ...hashrates,
        boards: devices?.complete ? boards : undefined,
        hardwareId: macOf(summary?.['MAC'] ?? info?.['mac']),
        model,
        sha256Only: true,
        efficiencyJPerTh: ratedJPerTh(model),
        firmware:
          textOf(version, 'fw_ver') ??
          textOf(summary, 'Firmware Version') ??
          textOf(status, 'Firmware Version', 'FirmwareVersion'),
        ramping,
        starting: ramping || rows.some((row) => isClimbing(row) || isInitialising(row)),
        stopped: { status: status && isTrue(status['btmineroff'] ?? status['mineroff']) },
        faults: [...errorsOfSummary(summary), ...errorsOf(errors?.['error_code'])].map(whatsminerFault),
        pools: pools && poolFacts({ ...pools, body: { POOLS: recordsOf(pools, 'POOLS') } }),
      }
    }),
})

/** API 2.2 puts the records into `Msg`, where API 1 and 2 have a section. */
function recordsOf(reply: CgminerReply | undefined, section: string): Row[] {
  const rows = rowsOf(reply?.body, section)
  if (rows.length > 0) return rows
  const inner = rowsOf(message(reply), section)
  return inner.length > 0 ? inner : rowsOf(reply?.body, 'Msg')
}

function summaryFacts(summary: Row | undefined, hashes: boolean): AsicFacts {
  return {
    power: powerFact(wattsOf(summary ?? {}, hashes, 'Power', 'Power_RT'), 'reported'),
    powerLimitW: positiveOf(summary, 'Power Limit'),
    inletTempC: numberOf(summary?.['Env Temp']),
    liquidCooled: isTrue(summary?.['Liquid Cooling']),
    fans: fansWithSpeed([
      { name: 'intake fan', rpm: nonNegativeOf(summary, 'Fan Speed In') },
      { name: 'exhaust fan', rpm: nonNegativeOf(summary, 'Fan Speed Out') },
    ]),
    uptimeS: nonNegativeOf(summary, 'Elapsed'),
  }
}

const boardTemps = (rows: readonly Row[]): AsicFacts => {
  const temps = (name: string) => rows.flatMap((row) => numberOf(row[name]) ?? [])
  return { chipTempsC: temps('Chip Temp Max'), boardTempsC: temps('Temperature') }
}

/** MicroBT's own commands put their answer into `Msg`. */
const message = (reply: CgminerReply | undefined): Row | undefined =>
  isRow(reply?.body['Msg']) ? reply.body['Msg'] : undefined

/** `devdetails` is gone in API 2.2, whose `get_version` names the model. */
function modelOf(details: CgminerReply | undefined, version: Row | undefined): string | undefined {
  const model = textOf(rowsOf(details?.body, 'DEVDETAILS')[0], 'Model') ?? textOf(version, 'miner_type')
  return model && `Whatsminer ${model}`
}

/** API 1: `Error Code 0`, `Error Code 1` ... in the summary. */
const errorsOfSummary = (summary: Row | undefined): number[] =>
  Object.entries(summary ?? {})
    .filter(([key]) => /^Error Code \d+$/.test(key))
    .flatMap(([, value]) => numberOf(value) ?? [])

/** API 2: `[{"218":"when"}]`; some firmware sends `["218"]` or `{"218":"when"}`. */
function errorsOf(list: unknown): number[] {
  const items: unknown[] = Array.isArray(list) ? list : [list]
  return items
    .flatMap((item) => (isRow(item) ? Object.keys(item) : [item]))
    .flatMap((code) => numberOf(code) ?? [])
}
