import type { HashrateUnit } from '../../protocol/units.ts'
import type { CgminerReply } from '../wire/cgminer/reply.ts'
import {
  isTrue,
  nonNegativeOf,
  numberOf,
  numbersOf,
  positiveOf,
  type Row,
  rowsOf,
  textOf,
} from '../wire/loose-json/fields.ts'
import { chainsPower } from './equal-boards.ts'
import type { AsicFacts, Board, Fan } from './facts.ts'
import { inHs } from './hashrates.ts'
import { antminerBoards, hasOtherFirmware } from './models/antminers.ts'
import { ratedJPerTh } from './models/rated-efficiency.ts'
import { powerFact } from './power.ts'
import { toldOf } from './told-to-stop.ts'

interface Replies {
  version: CgminerReply | undefined
  summary: CgminerReply | undefined
  stats: CgminerReply | undefined
}

/**
 * The facts in an Antminer's `summary` and `stats`, with Bitmain's firmware or one that keeps its form (VNish, LuxOS, Hiveon).
 * Hashrates are in GH/s, except where the newer form has a `rate_unit`.
 */
export function antminerFacts({ version, summary: summaryReply, stats }: Replies): AsicFacts {
  const summary = rowsOf(summaryReply?.body, 'SUMMARY')[0]
  const rows = rowsOf(stats?.body, 'STATS')
  const info = [...rowsOf(version?.body, 'VERSION'), ...rowsOf(stats?.body, 'INFO'), ...rows]
  const about = (...names: string[]) => info.map((row) => textOf(row, ...names)).find((text) => text)
  // the first row of the classic form is about the program
  const data = rows.find((row) => Array.isArray(row['chain'])) ?? rows.at(-1) ?? {}
  const parts = Array.isArray(data['chain']) ? chainParts(data) : classicParts(data)

  const type = about('Type', 'type')
  const unit = unitOf(data)
  const current =
    inHs(nonNegativeOf(summary, 'GHS 5s') ?? nonNegativeOf(data, 'GHS 5s'), 'GH') ??
    inHs(nonNegativeOf(data, 'rate_5s'), unit)
  const average =
    inHs(nonNegativeOf(summary, 'GHS av') ?? nonNegativeOf(data, 'GHS av'), 'GH') ??
    inHs(nonNegativeOf(data, 'rate_avg'), unit)
  const expected = inHs(positiveOf(data, 'total_rateideal', 'rate_ideal'), unit)
  const told = positiveOf(data, 'power', 'watt', 'Power', 'chain_power')
  const chains: ReturnType<typeof chainsPower> =
    told === undefined ? chainsPower(parts.watts, current ? parts.boards : []) : {}
  const reportedW = told ?? chains.powerW
  return {
    model: type,
    firmware: [about('BMMiner', 'CGMiner', 'Cgminer'), about('Miner', 'miner_version'), about('CompileTime')]
      .filter((part) => part !== undefined)
      .join(' '),
    hardwareId: /^[0-9a-f]{8,}$/i.exec(textOf(data, 'miner_id') ?? '')?.[0],
    hashrateHs: current,
    hashrateAvgHs: average,
    expectedHashrateHs: expected,
    hashratesBeside: [
      {
        name: 'its average of 30 min',
        hashrateHs: inHs(nonNegativeOf(data, 'rate_30m'), unit),
        windowS: 1800,
      },
    ],
    // LuxOS has the average of each board here, and Bitmain does not say
    boardsAreNow: false,
    power: powerFact(reportedW, 'estimated'),
    // the rating is for Bitmain's firmware: another one tunes the machine
    efficiencyJPerTh: hasOtherFirmware(type) ? undefined : ratedJPerTh(type),
    boards: stats?.complete ? parts.boards : undefined,
    boardsFitted: antminerBoards(type),
    chipTempsC: parts.chipTempsC,
    boardTempsC: parts.boardTempsC,
    fans: parts.fans,
    uptimeS: nonNegativeOf(summary, 'Elapsed', 'elapsed') ?? nonNegativeOf(data, 'Elapsed', 'elapsed'),
    stopped: { stats: toldOf(stats, info.some(isStopped)) },
    notes: chains.note ? [chains.note] : [],
  }
}

const isStopped = (row: Row): boolean =>
  WORK_MODES.some((mode) => isTrue(row[mode])) || numberOf(row['Mode']) === STOPPED_MODE

/** Bitmain's names for the work mode, in which 1 is sleep. */
const WORK_MODES = ['bitmain-work-mode', 'miner-mode', 'work_mode']
/** `Mode` of an S17+ or T17+ that was put to sleep; a running one has 1 to 3. */
const STOPPED_MODE = 254

/** `GH` or `GH/s`; GH/s where the field is missing. */
const unitOf = (data: Row): HashrateUnit =>
  (/^[kMGTPE]?H/.exec(textOf(data, 'rate_unit') ?? '')?.[0] as HashrateUnit | undefined) ?? 'GH'

interface Parts {
  boards: Board[]
  fans: Fan[]
  chipTempsC: number[]
  boardTempsC: number[]
  /** of the boards that tell them, by their names */
  watts: ReadonlyMap<string, number | undefined>
}

/** The classic form: `chain_acn6`, `fan3`, `temp_chip1`. The first slot's number differs by model. */
function classicParts(data: Row): Parts {
  const matching = (pattern: RegExp) =>
    Object.entries(data).flatMap(([key, value]) => {
      const found = pattern.exec(key)
      return found ? [{ n: found[1] ?? '', value }] : []
    })
  const temps = (pattern: RegExp) => matching(pattern).flatMap(({ value }) => numbersOf(value))
  const boards = matching(/^chain_acn(\d+)$/)
    // a slot without chips is an empty one: the S19 lists four slots for its three boards
    .filter(({ value }) => (numberOf(value) ?? 0) > 0)
    .map(({ n, value }) => ({
      name: `hashboard ${n}`,
      hashrateHs: inHs(nonNegativeOf(data, `chain_rate${n}`), unitOf(data)),
      ...chips(numberOf(value) ?? 0, data[`chain_acs${n}`]),
    }))
  const watts = matching(/^chain_consumption(\d+)$/).map(
    ({ n, value }) => [`hashboard ${n}`, numberOf(value)] as const,
  )
  return {
    boards,
    fans: classicFans(
      matching(/^fan(\d+)$/).map(({ n, value }) => ({ name: `fan ${n}`, rpm: numberOf(value) ?? 0 })),
      nonNegativeOf(data, 'fan_num') ?? 0,
    ),
    chipTempsC: temps(/^(?:temp_chip|temp2_)(\d+)$/),
    boardTempsC: temps(/^temp(?:_pcb)?(\d+)$/),
    watts: new Map(watts),
  }
}

/**
 * The S9 lists eight fan slots and has two fans. `fan_num` less the turning fans have stopped; the other slots at 0 rpm are empty.
 * Which slot is which is unknown, so a stopped fan is named `a fan`.
 */
function classicFans(listed: Fan[], fitted: number): Fan[] {
  const turning = listed.filter((fan) => fan.rpm > 0)
  const still = listed.filter((fan) => fan.rpm === 0)
  const stopped = Math.max(0, Math.min(still.length, fitted - turning.length))
  return [
    ...turning,
    ...(still.length === stopped ? still : still.slice(0, stopped).map(() => ({ name: 'a fan', rpm: 0 }))),
  ]
}

/** The newer form: `chain: [{ index, asic_num, rate_real, temp_chip: [] }]`; it lists every slot of the machine. */
function chainParts(data: Row): Parts {
  const chains = rowsOf(data, 'chain')
  const nameOf = (chain: Row, i: number) => `hashboard ${nonNegativeOf(chain, 'index') ?? i}`
  return {
    boards: chains.map((chain, i) => ({
      name: nameOf(chain, i),
      hashrateHs: inHs(nonNegativeOf(chain, 'rate_real'), unitOf(data)),
      ...chips(nonNegativeOf(chain, 'asic_num'), chain['asic']),
    })),
    fans: numbersOf(data['fan'] ?? []).map((rpm, i) => ({ name: `fan ${i}`, rpm })),
    chipTempsC: chains.flatMap((chain) => numbersOf(chain['temp_chip'] ?? [])),
    boardTempsC: chains.flatMap((chain) => numbersOf(chain['temp_pcb'] ?? [])),
    watts: new Map(
      chains.flatMap((chain, i) => {
        const told = CHAIN_WATTS.find((name) => name in chain)
        return told ? [[nameOf(chain, i), numberOf(chain[told])]] : []
      }),
    ),
  }
}

const CHAIN_WATTS = ['power', 'watt', 'chain_power']

/** @param found chips that answered at the start @param map ` ooo oxo`: o is a working chip, x a failed one */
function chips(found: number | undefined, map: unknown): Pick<Board, 'chipsWorking' | 'chipsFitted'> {
  const text = typeof map === 'string' ? map : ''
  const good = text.split('o').length - 1
  const bad = text.split('x').length - 1
  if (good + bad === 0) return { chipsWorking: found, chipsFitted: found }
  return { chipsWorking: good, chipsFitted: Math.max(found ?? 0, good + bad) }
}
