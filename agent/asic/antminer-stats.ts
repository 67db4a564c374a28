import type { HashrateUnit } from '../../protocol/units.ts'
import type { CgminerReply } from '../wire/cgminer.ts'
import type { Row } from '../wire/cgminer-text.ts'
import { amount, isTrue, numberOf, numbersOf, positive, rowsOf, textOf } from '../wire/loose-json.ts'
import { antminerModel } from './antminer-models.ts'
import { inHs } from './hashrates.ts'
import type { AsicFacts, Board, Fan } from './reading.ts'

interface Replies {
  version: CgminerReply | undefined
  summary: CgminerReply
  stats: CgminerReply
}

/**
 * What an Antminer tells in `summary` and `stats`, stock or with firmware that keeps the form (VNish, LuxOS, Hiveon).
 * Hashrates there are in GH/s, but for the newer form's `rate_unit`.
 */
export function antminerFacts({ version, summary: summaryReply, stats }: Replies): AsicFacts {
  const summary = rowsOf(summaryReply.body, 'SUMMARY')[0]
  const rows = rowsOf(stats.body, 'STATS')
  const info = [...rowsOf(version?.body, 'VERSION'), ...rowsOf(stats.body, 'INFO'), ...rows]
  const about = (...names: string[]) => info.map((row) => textOf(row, ...names)).find((text) => text)
  // the classic form begins with a row about the program
  const data = rows.find((row) => Array.isArray(row['chain'])) ?? rows.at(-1) ?? {}
  const parts = Array.isArray(data['chain']) ? chainParts(data) : classicParts(data)

  const type = about('Type', 'type')
  const model = antminerModel(type)
  const unit = unitOf(data)
  const current =
    inHs(amount(summary, 'GHS 5s') ?? amount(data, 'GHS 5s'), 'GH') ?? inHs(amount(data, 'rate_5s'), unit)
  const average =
    inHs(amount(summary, 'GHS av') ?? amount(data, 'GHS av'), 'GH') ?? inHs(amount(data, 'rate_avg'), unit)
  const expected = inHs(positive(data, 'total_rateideal', 'rate_ideal'), unit)
  const reportedW = positive(data, 'power', 'watt', 'Power', 'chain_power') ?? parts.chainsW
  return {
    model: type,
    firmware: [about('BMMiner', 'CGMiner', 'Cgminer'), about('Miner', 'miner_version'), about('CompileTime')]
      .filter((part) => part !== undefined)
      .join(' '),
    hardwareId: /^[0-9a-f]{8,}$/i.exec(textOf(data, 'miner_id') ?? '')?.[0],
    hashrateHs: current,
    hashrateAvgHs: average,
    expectedHashrateHs: expected,
    power: reportedW ? { powerW: reportedW, basis: 'estimated' } : undefined,
    efficiencyJPerTh: model?.efficiencyJPerTh,
    boards: stats.complete ? parts.boards : undefined,
    boardsFitted: model?.boards,
    chipTempsC: parts.chipTempsC,
    boardTempsC: parts.boardTempsC,
    fans: parts.fans,
    liquidCooled: /hyd/i.test(type ?? ''),
    uptimeS: amount(summary, 'Elapsed', 'elapsed') ?? amount(data, 'Elapsed', 'elapsed'),
    asleep: info.some((row) => MODES.some((mode) => isTrue(row[mode]))),
  }
}

/** 1 is sleep, in each spelling that Bitmain has used. */
const MODES = ['bitmain-work-mode', 'miner-mode', 'work_mode']

/** `GH`, `GH/s`; GH/s where nothing is said. */
const unitOf = (data: Row): HashrateUnit =>
  (/^[kMGTPE]?H/.exec(textOf(data, 'rate_unit') ?? '')?.[0] as HashrateUnit | undefined) ?? 'GH'

interface Parts {
  boards: Board[]
  fans: Fan[]
  chipTempsC: number[]
  boardTempsC: number[]
  chainsW?: number | undefined
}

/** The classic form: `chain_acn6`, `fan3`, `temp_chip1`; numbers begin where the maker's slots do. */
function classicParts(data: Row): Parts {
  const matching = (pattern: RegExp) =>
    Object.entries(data).flatMap(([key, value]) => {
      const found = pattern.exec(key)
      return found ? [{ n: found[1] ?? '', value }] : []
    })
  const temps = (pattern: RegExp) => matching(pattern).flatMap(({ value }) => numbersOf(value))
  const boards = matching(/^chain_acn(\d+)$/)
    // a slot without chips is mostly one that was never fitted: the S19 lists four for its three boards
    .filter(({ value }) => (numberOf(value) ?? 0) > 0)
    .map(({ n, value }) => ({
      name: `hashboard ${n}`,
      hashrateHs: inHs(amount(data, `chain_rate${n}`), unitOf(data)),
      ...chips(numberOf(value) ?? 0, data[`chain_acs${n}`]),
    }))
  const chainsW = matching(/^chain_consumption(\d+)$/).reduce(
    (sum, { value }) => sum + (numberOf(value) ?? 0),
    0,
  )
  return {
    boards,
    fans: classicFans(
      matching(/^fan(\d+)$/).map(({ n, value }) => ({ name: `fan ${n}`, rpm: numberOf(value) ?? 0 })),
      amount(data, 'fan_num') ?? 0,
    ),
    chipTempsC: temps(/^(?:temp_chip|temp2_)(\d+)$/),
    boardTempsC: temps(/^temp(?:_pcb)?(\d+)$/),
    chainsW: chainsW || undefined,
  }
}

/** The S9 lists eight fans and has two: of those that stand still, only as many are fitted as `fan_num` lacks. */
function classicFans(listed: Fan[], fitted: number): Fan[] {
  const turning = listed.filter((fan) => fan.rpm > 0)
  const still = listed.filter((fan) => fan.rpm === 0)
  const lacking = Math.max(0, Math.min(still.length, fitted - turning.length))
  return [
    ...turning,
    ...(still.length === lacking ? still : still.slice(0, lacking).map(() => ({ name: 'a fan', rpm: 0 }))),
  ]
}

/** The newer form: `chain: [{ index, asic_num, rate_real, temp_chip: [] }]`; every slot of the machine is listed. */
function chainParts(data: Row): Parts {
  const chains = rowsOf(data, 'chain')
  const watts = chains.map((chain) => positive(chain, 'power', 'watt', 'chain_power'))
  return {
    boards: chains.map((chain, i) => ({
      name: `hashboard ${amount(chain, 'index') ?? i}`,
      hashrateHs: inHs(amount(chain, 'rate_real'), unitOf(data)),
      ...chips(amount(chain, 'asic_num'), chain['asic']),
    })),
    fans: numbersOf(data['fan'] ?? []).map((rpm, i) => ({ name: `fan ${i}`, rpm })),
    chipTempsC: chains.flatMap((chain) => numbersOf(chain['temp_chip'] ?? [])),
    boardTempsC: chains.flatMap((chain) => numbersOf(chain['temp_pcb'] ?? [])),
    chainsW: watts.every((w) => w !== undefined) ? watts.reduce((a, b) => a + b, 0) || undefined : undefined,
  }
}

/** @param found chips that answered at the start @param map ` ooo oxo`: o works, x doesn't */
function chips(found: number | undefined, map: unknown): Pick<Board, 'chipsWorking' | 'chipsFitted'> {
  const text = typeof map === 'string' ? map : ''
  const good = text.split('o').length - 1
  const bad = text.split('x').length - 1
  if (good + bad === 0) return { chipsWorking: found, chipsFitted: found }
  return { chipsWorking: good, chipsFitted: Math.max(found ?? 0, good + bad) }
}
