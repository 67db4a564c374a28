import { cgminerDialect, type Dialect, type Reply } from './cgminer.ts'
import { poolRowInFull, rateFields, summaryRow, utility } from './cgminer-rows.ts'
import { elapsed, lastShareAt, mhs, round } from './figures.ts'
import type { AsicMachine } from './machine.ts'

/** A miner of an unknown maker with plain cgminer. It reports no power, no fans and no MAC, and can't show that it sleeps. */
export const unknownMiner: Dialect = cgminerDialect(({ model }) => `cgminer ${model.firmware}`, {
  version: ['VERSION', ({ model }) => [{ CGMiner: model.firmware, API: '3.7' }]],
  summary: [
    'SUMMARY',
    (machine) => [
      {
        ...summaryRow(machine),
        ...rateFields(machine, '5s'),
        Getworks: Math.floor(machine.uptimeS / 20),
        ...(machine.model.words?.minerType && { 'Miner type': machine.model.words.minerType }),
      },
    ],
  ],
  stats: ['STATS', (machine) => [{ STATS: 0, ID: 'T30', Elapsed: elapsed(machine), Calls: 0 }]],
  devs: ['DEVS', devices],
  devdetails: [
    'DEVDETAILS',
    ({ boards, model }) =>
      boards.map((b) => ({
        DEVDETAILS: b.index,
        Name: 'T3',
        ID: b.index,
        Driver: 'acme',
        Model: model.name,
      })),
  ],
  coin: [
    'COIN',
    ({ model: { words } }) => [
      // a machine that says it in another place has a program without the word here
      ...(words && !words.hashMethod
        ? []
        : [{ 'Hash Method': words?.hashMethod ?? 'sha256', LP: true, 'Network Difficulty': 120e12 }]),
    ],
  ],
  pools: [
    'POOLS',
    (machine, nowS) =>
      machine.pools.map((_, i) => ({
        ...poolRowInFull(machine, i),
        'Last Share Time': i === machine.stratum.active ? lastShareAt(machine, nowS) : 0,
        'Pool Stale%': 0,
        ...(machine.model.words?.poolAlgorithm && { Algorithm: machine.model.words.poolAlgorithm }),
      })),
  ],
})

function devices(machine: AsicMachine, nowS: number): Reply[] {
  const { boards, shares } = machine
  return boards.map((board) => ({
    ASC: board.index,
    Name: 'T3',
    ID: board.index,
    Enabled: 'Y',
    Status: board.lost ? 'Dead' : 'Alive',
    Temperature: round(board.chipTempC - 6, 2),
    'MHS av': mhs(board.hashes / Math.max(1, machine.uptimeS)),
    'MHS 5s': mhs(board.hashrateHs),
    Accepted: Math.floor(shares.accepted / boards.length),
    Rejected: Math.floor(shares.rejected / boards.length),
    'Hardware Errors': Math.floor(board.hardwareErrors),
    Utility: round(utility(machine).Utility / boards.length, 2),
    'Last Share Time': lastShareAt(machine, nowS),
  }))
}
