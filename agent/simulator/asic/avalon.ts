import { avalonBrackets } from './avalon-brackets.ts'
import {
  averageHs,
  blockHeight,
  type Dialect,
  elapsed,
  hardwareErrors,
  hostOf,
  poolStatus,
  type Reply,
  rejectedPercent,
  round,
  sectionReply,
  shareFields,
  toText,
  utility,
} from './cgminer.ts'
import type { AsicMachine } from './machine.ts'

const DESCRIPTION = 'cgminer 4.11.1'

/** Avalon A12 to A15 (cgminer 4.11.1): JSON where the command is JSON, else text. Times are s since the start, not Unix. */
export const avalon: Dialect = {
  description: () => DESCRIPTION,

  reply(machine, command) {
    const section = (name: string, items: Reply[], code: number, message: string) =>
      sectionReply(name, items, { code, message, description: DESCRIPTION, nowS: elapsed(machine) })
    if (command === 'version') return section('VERSION', [version(machine)], 22, 'CGMiner versions')
    if (command === 'summary') return section('SUMMARY', [summary(machine)], 11, 'Summary')
    if (command === 'devs') return section('DEVS', [device(machine)], 9, '1 ASC(s)')
    if (command === 'estats' || command === 'stats' || command === 'litestats')
      return section(
        'STATS',
        [stats(machine, command !== 'litestats'), ...machine.pools.map((_, i) => poolStats(machine, i))],
        70,
        'CGMiner stats',
      )
    if (command === 'pools')
      return section(
        'POOLS',
        machine.pools.map((_, i) => pool(machine, i, machine.uptimeS)),
        7,
        `${machine.pools.length} Pool(s)`,
      )
    return undefined
  },

  encode: (_machine, reply, form) => `${form === 'text' ? toText(reply) : JSON.stringify(reply)}\0`,
}

const dna = (machine: AsicMachine): string => machine.mac.replaceAll(':', '').padStart(16, '0201')

const version = (machine: AsicMachine): Reply => ({
  CGMiner: '4.11.1',
  API: '3.7',
  STM8: '20.08.01',
  PROD: `AvalonMiner ${machine.model.name}`,
  MODEL: machine.model.name,
  HWTYPE: 'MM4v2_X3',
  SWTYPE: 'MM319',
  VERSION: machine.model.firmware,
  LOADER: 'd0d779de.00',
  DNA: dna(machine),
  MAC: machine.mac.replaceAll(':', ''),
  UPAPI: '2',
})

const rates = (machine: AsicMachine): Reply => ({
  'MHS av': round(averageHs(machine) / 1e6, 2),
  'MHS 30s': round(machine.averageHs.s5 / 1e6, 2),
  'MHS 1m': round(machine.averageHs.m1 / 1e6, 2),
  'MHS 5m': round(machine.averageHs.m5 / 1e6, 2),
  'MHS 15m': round(machine.averageHs.m15 / 1e6, 2),
})

const work = ({ shares }: AsicMachine): Reply => ({
  Accepted: shares.accepted,
  Rejected: shares.rejected,
  'Difficulty Accepted': shares.difficultyAccepted,
  'Difficulty Rejected': shares.difficultyRejected,
})

const summary = (machine: AsicMachine): Reply => ({
  Elapsed: elapsed(machine),
  ...rates(machine),
  'Found Blocks': 0,
  Getworks: Math.floor(machine.uptimeS / 26.9),
  ...work(machine),
  'Hardware Errors': hardwareErrors(machine),
  ...utility(machine),
  Discarded: 0,
  Stale: 0,
  'Get Failures': 0,
  'Local Work': Math.floor(machine.uptimeS * 23.3),
  'Remote Failures': 0,
  'Network Blocks': Math.floor(machine.uptimeS / 600),
  'Total MH': round(machine.hashes / 1e6, 0),
  'Difficulty Stale': 0,
  'Best Share': machine.shares.best,
  'Device Hardware%': 0,
  'Device Rejected%': rejectedPercent(machine),
  'Pool Rejected%': rejectedPercent(machine),
  'Pool Stale%': 0,
  'Last getwork': 0,
})

const device = (machine: AsicMachine): Reply => ({
  ASC: 0,
  Name: 'AVA10',
  ID: 0,
  Enabled: 'Y',
  Status: 'Alive',
  // the firmware has no sensor here: absolute zero
  Temperature: -273,
  ...rates(machine),
  ...work(machine),
  'Hardware Errors': hardwareErrors(machine),
  Utility: utility(machine).Utility,
  'Last Share Pool': 0,
  'Last Share Time': Math.floor(machine.shares.lastAtS ?? 0),
  'Total MH': round(machine.hashes / 1e6, 0),
  'Diff1 Work': machine.shares.difficultyAccepted,
  'Last Share Difficulty': machine.shareDifficulty,
  'Last Valid Work': elapsed(machine),
  'Device Hardware%': 0,
  'Device Rejected%': rejectedPercent(machine),
  'Device Elapsed': elapsed(machine),
})

const stats = (machine: AsicMachine, perChip: boolean): Reply => ({
  STATS: 0,
  ID: 'AVA100',
  Elapsed: elapsed(machine),
  Calls: 0,
  Wait: 0,
  Max: 0,
  Min: 99999999,
  'MM ID0': avalonBrackets(machine, dna(machine), perChip),
  'MM Count': 1,
  'Smart Speed': 1,
  'Voltage Level Offset': 0,
  'Nonce Mask': 25,
})

/** cgminer appends an entry for each pool's connection. */
function poolStats(machine: AsicMachine, index: number): Reply {
  const mined = index === machine.stratum.active
  const difficulty = mined ? machine.shareDifficulty : 0
  const shares = machine.stratum.sharesOf(index)
  const sent = shares.accepted + shares.rejected + 3
  const received = sent + Math.floor(mined ? machine.uptimeS / 30 : 4)
  const traffic = { sent: sent * 176, received: received * 347 }
  return {
    STATS: index + 1,
    ID: `POOL${index}`,
    Elapsed: elapsed(machine),
    Calls: 0,
    Wait: 0,
    Max: 0,
    Min: 99999999,
    'Pool Calls': 0,
    'Pool Attempts': 0,
    'Pool Wait': 0,
    'Pool Max': 0,
    'Pool Min': 99999999,
    'Pool Av': 0,
    'Work Had Roll Time': false,
    'Work Can Roll': false,
    'Work Had Expire': false,
    'Work Roll Time': 0,
    'Work Diff': difficulty,
    'Min Diff': difficulty,
    'Max Diff': difficulty,
    'Min Diff Count': mined ? 2 : 0,
    'Max Diff Count': mined ? 2 : 0,
    'Times Sent': sent,
    'Bytes Sent': traffic.sent,
    'Times Recv': received,
    'Bytes Recv': traffic.received,
    'Net Bytes Sent': traffic.sent,
    'Net Bytes Recv': traffic.received,
  }
}

function pool(machine: AsicMachine, index: number, uptimeS: number): Reply {
  const account = machine.pools[index] ?? machine.pools[0]
  const mined = index === machine.stratum.active
  return {
    POOL: index,
    URL: account.url,
    Status: poolStatus(machine, index),
    Priority: index,
    Quota: 1,
    'Long Poll': 'N',
    Getworks: mined ? Math.floor(uptimeS / 26.9) : 2,
    Works: mined ? Math.floor(uptimeS * 11.4) : 0,
    Discarded: 0,
    Stale: 0,
    'Get Failures': 0,
    'Remote Failures': 0,
    User: account.user,
    'Last Share Time': mined ? Math.floor(machine.shares.lastAtS ?? 0) : 0,
    'Diff1 Shares': machine.stratum.sharesOf(index).difficultyAccepted,
    'Proxy Type': '',
    Proxy: '',
    ...shareFields(machine, index),
    'Work Difficulty': mined ? machine.shareDifficulty : 0,
    'Has Stratum': true,
    'Stratum Active': mined,
    'Stratum URL': hostOf(account),
    'Stratum Difficulty': mined ? machine.shareDifficulty : 0,
    'Has Vmask': true,
    'Has GBT': false,
    'Pool Stale%': 0,
    'Bad Work': 0,
    // Avalon keeps no clock, so the height stays that of its start
    'Current Block Height': mined ? blockHeight(1_760_000_000) : 0,
    'Current Block Version': 536870912,
  }
}
