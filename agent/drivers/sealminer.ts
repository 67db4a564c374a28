import { z } from 'zod'
import { PortSchema } from '../../protocol/kit/fields.ts'
import { poolFacts } from '../asic/cgminer-pools.ts'
import { firmwareIn } from '../asic/firmware.ts'
import { fromMhs } from '../asic/hashrates.ts'
import { ratedJPerTh } from '../asic/rated-efficiency.ts'
import type { AsicFacts, Board, Fan } from '../asic/reading.ts'
import { asicSession } from '../asic/session.ts'
import { defineDriver } from '../plugin/driver.ts'
import type { Row } from '../wire/cgminer-text.ts'
import { amount, isTrue, macOf, numberOf, positive, rowsOf, textOf } from '../wire/loose-json.ts'

const FIRMWARE = 'SealMiner'

export default defineDriver({
  name: 'sealminer',
  summary: 'Bitdeer SealMiner (bdminer), TCP 4028',
  kind: 'asic',
  settings: z.strictObject({ port: PortSchema.default(4028).describe('TCP port of the miner’s API') }),
  needsHost: true,
  requests: ['summary', 'stats', 'pools'],
  recognises: (answers) => firmwareIn(answers) === FIRMWARE,
  open: ({ host, options: { port } }) =>
    asicSession({ host, port, firmware: FIRMWARE }, async (client, signal) => {
      const summary = await client.ask('summary', signal)
      const stats = await client.ask('stats', signal)
      const pools = await client.askOptional('pools', signal)
      const facts = sealFacts(rowsOf(summary.body, 'SUMMARY')[0], rowsOf(stats.body, 'STATS')[0] ?? {})
      return {
        ...facts,
        boards: stats.complete ? facts.boards : undefined,
        pools: pools && poolFacts(pools),
      }
    }),
})

function sealFacts(summary: Row | undefined, stats: Row): AsicFacts {
  const name = textOf(stats, 'Model')
  const model = name && `SealMiner ${name}`
  // counted on the chips; `MHS 5s` of the summary is guessed from the shares, and is 1.7 times as much in a real reply
  const current =
    fromMhs(amount(stats, 'MHS(Sample)', 'MHS(30s)', 'MHS(1m)')) ?? fromMhs(amount(summary, 'MHS 1m'))
  const powerW = current ? positive(stats, 'PSU Input Power') : amount(stats, 'PSU Input Power')
  const liquidCooled = isTrue(stats['Liquid Cooling'])
  const state = textOf(stats, 'PM State') ?? ''
  return {
    model,
    efficiencyJPerTh: ratedJPerTh(model),
    firmware: textOf(stats, 'Firmware', 'Software Version'),
    hardwareId: macOf(stats['MAC']) ?? textOf(stats, 'Ctrl Board SN'),
    hashrateHs: current,
    hashrateAvgHs: fromMhs(amount(summary, 'MHS av') ?? amount(stats, 'MHS(Avg)')),
    expectedHashrateHs: fromMhs(positive(stats, 'MHS(Rated)', 'MHS(Ideal)')),
    power: powerW === undefined ? undefined : { powerW, basis: 'reported' },
    powerLimitW: positive(stats, 'Power Limit'),
    boards: boardsOf(stats),
    boardsFitted: amount(stats, 'Board Count'),
    chipTempsC: temps(stats),
    fans: liquidCooled ? [] : fansOf(stats),
    liquidCooled,
    uptimeS: amount(summary, 'Elapsed') ?? amount(stats, 'Elapsed'),
    asleep: /suspend|sleep|standby|stop/i.test(state),
    starting: stats['Raise Freq Done'] === false,
    faults: faultsOf(stats),
    pools: undefined,
  }
}

/** The slots that have fields of their own: `0 Chip Count`, `1 Chip Count` ... */
const slotsOf = (stats: Row, field: string): number[] =>
  Object.keys(stats).flatMap((key) => {
    const slot = new RegExp(`^(\\d{1,2}) ${field}$`).exec(key)?.[1]
    return slot === undefined ? [] : [Number(slot)]
  })

const boardsOf = (stats: Row): Board[] =>
  slotsOf(stats, 'Chip Count').map((slot) => {
    const chips = amount(stats, `${slot} Chip Count`)
    const bad = amount(stats, `${slot} Bad Chip Count`) ?? 0
    return {
      name: `hashboard ${slot}`,
      hashrateHs: fromMhs(amount(stats, `${slot} MHS(Sample)`)),
      chipsFitted: chips,
      chipsWorking: chips === undefined ? undefined : Math.max(0, chips - bad),
      dead: stats[`${slot} Online`] === false ? 'offline' : undefined,
    }
  })

const fansOf = (stats: Row): Fan[] =>
  slotsOf(stats, 'Speed').flatMap((slot) => {
    const rpm = amount(stats, `${slot} Speed`)
    return rpm === undefined ? [] : [{ name: `fan ${slot}`, rpm }]
  })

/** Four sensors a board, at the chips. */
const temps = (stats: Row): number[] =>
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

/** `0x00000000` */
const isZero = (code: string): boolean => /^(0x)?0+$/i.test(code)
