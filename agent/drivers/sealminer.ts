import { z } from 'zod'
import { poolFacts } from '../asic/cgminer-pools.ts'
import { type AsicFacts, type Board, type Fan, fansWithSpeed } from '../asic/facts.ts'
import { firmwareIn } from '../asic/firmware.ts'
import { fromMhs } from '../asic/hashrates.ts'
import { ratedJPerTh } from '../asic/models/rated-efficiency.ts'
import { powerFact, wattsOf } from '../asic/power.ts'
import { cgminerSession } from '../asic/session.ts'
import { minerPort } from '../asic/settings.ts'
import { defineDriver } from '../plugin/driver.ts'
import {
  isTrue,
  macOf,
  nonNegativeOf,
  numberOf,
  positiveOf,
  type Row,
  rowsOf,
  textOf,
} from '../wire/loose-json/fields.ts'

const FIRMWARE = 'SealMiner'

export default defineDriver({
  name: 'sealminer',
  summary: 'Bitdeer SealMiner (bdminer), TCP 4028',
  kind: 'asic',
  settings: z.strictObject({ port: minerPort(4028) }),
  needsHost: true,
  requests: ['summary', 'stats', 'pools'],
  recognises: (answers) => firmwareIn(answers) === FIRMWARE,
  open: ({ host, options: { port } }) =>
    cgminerSession({ host, port, firmware: FIRMWARE }, async (client, signal) => {
      const summary = await client.askOptional('summary', signal)
      const stats = await client.askOptional('stats', signal)
      const pools = await client.askOptional('pools', signal)
      const facts = sealFacts(rowsOf(summary?.body, 'SUMMARY')[0], rowsOf(stats?.body, 'STATS')[0] ?? {})
      return {
        ...facts,
        boards: stats?.complete ? facts.boards : undefined,
        pools: pools && poolFacts(pools),
      }
    }),
})

function sealFacts(summary: Row | undefined, stats: Row): AsicFacts {
  const name = textOf(stats, 'Model')
  const model = name && `SealMiner ${name}`
  // `stats` measures at the chips; `MHS 5s` of `summary` is estimated from shares (1.7 times the former in a real reply)
  const current =
    fromMhs(nonNegativeOf(stats, 'MHS(Sample)', 'MHS(30s)', 'MHS(1m)')) ??
    fromMhs(nonNegativeOf(summary, 'MHS 1m'))
  const liquidCooled = isTrue(stats['Liquid Cooling'])
  const state = textOf(stats, 'PM State') ?? ''
  return {
    model,
    sha256Only: true,
    efficiencyJPerTh: ratedJPerTh(model),
    firmware: textOf(stats, 'Firmware', 'Software Version'),
    hardwareId: macOf(stats['MAC']) ?? textOf(stats, 'Ctrl Board SN'),
    hashrateHs: current,
    hashrateAvgHs: fromMhs(nonNegativeOf(summary, 'MHS av') ?? nonNegativeOf(stats, 'MHS(Avg)')),
    expectedHashrateHs: fromMhs(positiveOf(stats, 'MHS(Rated)', 'MHS(Ideal)')),
    hashratesBeside: [
      { name: 'its average of 1 min', hashrateHs: fromMhs(nonNegativeOf(stats, 'MHS(1m)')), windowS: 60 },
      { name: 'its average of 15 min', hashrateHs: fromMhs(nonNegativeOf(stats, 'MHS(15m)')), windowS: 900 },
    ],
    boardsAreNow: true,
    power: powerFact(wattsOf(stats, !!current, 'PSU Input Power'), 'reported'),
    powerLimitW: positiveOf(stats, 'Power Limit'),
    boards: boardsOf(stats),
    boardsFitted: nonNegativeOf(stats, 'Board Count'),
    chipTempsC: chipTemps(stats),
    fans: liquidCooled ? [] : fansOf(stats),
    liquidCooled,
    uptimeS: nonNegativeOf(summary, 'Elapsed') ?? nonNegativeOf(stats, 'Elapsed'),
    stopped: { stats: state ? /suspend|sleep|standby|stop/i.test(state) : undefined },
    starting: stats['Raise Freq Done'] === false,
    faults: faultsOf(stats),
    pools: undefined,
  }
}

/** The slots for which a field exists: `0 Chip Count`, `1 Chip Count` ... */
const slotsOf = (stats: Row, field: string): number[] =>
  Object.keys(stats).flatMap((key) => {
    const slot = new RegExp(`^(\\d{1,2}) ${field}$`).exec(key)?.[1]
    return slot === undefined ? [] : [Number(slot)]
  })

const boardsOf = (stats: Row): Board[] =>
  slotsOf(stats, 'Chip Count').map((slot) => {
    const chips = nonNegativeOf(stats, `${slot} Chip Count`)
    const bad = nonNegativeOf(stats, `${slot} Bad Chip Count`) ?? 0
    return {
      name: `hashboard ${slot}`,
      hashrateHs: fromMhs(nonNegativeOf(stats, `${slot} MHS(Sample)`)),
      chipsFitted: chips,
      chipsWorking: chips === undefined ? undefined : Math.max(0, chips - bad),
      dead: stats[`${slot} Online`] === false ? 'offline' : undefined,
    }
  })

const fansOf = (stats: Row): Fan[] =>
  fansWithSpeed(
    slotsOf(stats, 'Speed').map((slot) => ({
      name: `fan ${slot}`,
      rpm: nonNegativeOf(stats, `${slot} Speed`),
    })),
  )

/** Four sensors on each board, next to the chips. */
const chipTemps = (stats: Row): number[] =>
  Object.entries(stats).flatMap(([key, value]) =>
    /^(\d{1,2} Temp \d|Temp)$/.test(key) ? (numberOf(value) ?? []) : [],
  )

function faultsOf(stats: Row): string[] {
  const code = textOf(stats, 'Error Code')
  const supply = textOf(stats, 'PSU Error') ?? ''
  return [
    ...(code && !isZero(code) ? [`error ${code}`] : []),
    ...(supply && !isZero(supply) ? [`power supply: error ${supply}`] : []),
    ...(textOf(stats, 'Error Chip') ? [`bad chips: ${textOf(stats, 'Error Chip')}`] : []),
  ]
}

/** `0`, `0x00000000` */
const isZero = (code: string): boolean => /^(0x)?0+$/i.test(code)
