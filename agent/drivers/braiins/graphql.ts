import { PerwattError } from '../../../protocol/kit/errors.ts'
import type { AsicFacts, Board } from '../../asic/facts.ts'
import { fromMhs } from '../../asic/hashrates.ts'
import { stratumPools } from '../../asic/pools.ts'
import {
  isRow,
  isTrue,
  nonNegativeOf,
  numberOf,
  positiveOf,
  type Row,
  rowsOf,
  textOf,
} from '../../wire/loose-json/fields.ts'
import type { WebClient } from '../../wire/web-client.ts'

export const GRAPHQL = '/graphql'

/** One question for all; a single field that a version doesn't know would fail it, so it holds what 22.08 to 25.05 share. */
const QUERY = `{
  bos { info { version { full } } uptime { durationS } }
  bosminer {
    info {
      fans { name rpm }
      summary { power { approxConsumptionW limitW } }
      workSolver {
        nominalMhs
        realHashrate { mhs5S }
        childSolvers {
          name nominalMhs realHashrate { mhs5S } hwDetails { chips } temperatures { name degreesC }
        }
      }
      poolGroups { pools { url user status active } }
    }
  }
}`.replace(/\s+/g, ' ')

/** @throws PerwattError `no-graphql` where the firmware refuses the question, or as `WebClient.post` */
export async function braiinsGraphqlFacts(pages: WebClient, signal: AbortSignal): Promise<AsicFacts> {
  const answer = await pages.post(GRAPHQL, { query: QUERY }, signal)
  const data = row(answer['data'])
  const info = row(row(data['bosminer'])['info'])
  const solver = row(info['workSolver'])
  if (!isRow(info['workSolver']))
    throw new PerwattError('no-graphql', `GraphQL refuses: ${refusalOf(answer)}; check the firmware`)
  const bos = row(data['bos'])
  const power = row(row(info['summary'])['power'])
  const watts = positiveOf(power, 'approxConsumptionW')
  const boards = rowsOf(solver, 'childSolvers')
  const inletsC = tempsOf(boards, /INLET/)
  return {
    firmware: textOf(row(row(bos['info'])['version']), 'full'),
    uptimeS: nonNegativeOf(row(bos['uptime']), 'durationS'),
    hashrateHs: real(solver),
    expectedHashrateHs: fromMhs(positiveOf(solver, 'nominalMhs')),
    power: watts === undefined ? undefined : { powerW: watts, basis: 'estimated' },
    powerLimitW: positiveOf(power, 'limitW'),
    boards: boards.map(boardOf),
    boardTempsC: tempsOf(boards, /BOARD/),
    chipTempsC: tempsOf(boards, /CHIP/),
    inletTempC: inletsC.length > 0 ? Math.min(...inletsC) : undefined,
    fans: rowsOf(info, 'fans').flatMap((fan, i) => {
      const rpm = nonNegativeOf(fan, 'rpm')
      return rpm === undefined ? [] : [{ name: `fan ${textOf(fan, 'name') ?? i}`, rpm }]
    }),
    // an S9 lists four and has two
    fanSlots: true,
    pools: stratumPools(
      rowsOf(info, 'poolGroups')
        .flatMap((group) => rowsOf(group, 'pools'))
        .map((pool) => ({
          url: textOf(pool, 'url'),
          user: textOf(pool, 'user'),
          alive: /^alive$/i.test(textOf(pool, 'status') ?? 'alive'),
          active: isTrue(pool['active']),
        })),
    ),
  }
}

const row = (value: unknown): Row => (isRow(value) ? value : {})

const real = (solver: Row) => fromMhs(nonNegativeOf(row(solver['realHashrate']), 'mhs5S'))

/** `Board` and `Chip` in 22.08 to 24.09, `Max Board` in 25.03, `MAX_BOARD` in 25.05. */
const tempsOf = (boards: readonly Row[], name: RegExp): number[] =>
  boards
    .flatMap((board) => rowsOf(board, 'temperatures'))
    .filter((sensor) => name.test((textOf(sensor, 'name') ?? '').toUpperCase()))
    .flatMap((sensor) => numberOf(sensor['degreesC']) ?? [])

const boardOf = (board: Row, i: number): Board => ({
  name: `hashboard ${textOf(board, 'name') ?? i}`,
  hashrateHs: real(board),
  // those that were found at the start
  chipsFitted: positiveOf(row(board['hwDetails']), 'chips'),
  chipsWorking: positiveOf(row(board['hwDetails']), 'chips'),
})

const refusalOf = (answer: Row): string =>
  (textOf(rowsOf(answer, 'errors')[0], 'message') ?? 'no reason given').slice(0, 120)
