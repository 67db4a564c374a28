import type { Reply } from './cgminer.ts'
import { averageHs, blockHeight, elapsed, hardwareErrors, mhs, round } from './figures.ts'
import type { AsicMachine } from './machine.ts'
import type { PoolAccount, Shares } from './stratum.ts'

/* Rows that all programs of the cgminer family share. What one maker's firmware adds or leaves out is in its own file. */

/** The fields of a pool that every program has. */
export function poolRow(machine: AsicMachine, index: number): Reply {
  const account = machine.pools[index] ?? machine.pools[0]
  const active = index === machine.stratum.active
  return {
    POOL: index,
    URL: account.url,
    Status: poolStatus(machine, index),
    Priority: index,
    Quota: 1,
    User: account.user,
    ...shareFields(machine, index),
    'Has Stratum': true,
    'Stratum Active': active,
    'Stratum URL': active ? hostOf(account) : '',
  }
}

/** The fields of a pool in cgminer before 4.11. */
export function poolRowInFull(machine: AsicMachine, index: number): Reply {
  const mined = index === machine.stratum.active
  return {
    ...poolRow(machine, index),
    'Long Poll': 'N',
    Getworks: mined ? Math.floor(machine.uptimeS / 12.8) : 3,
    Discarded: mined ? Math.floor(machine.uptimeS * 60) : 0,
    Stale: 0,
    'Get Failures': 0,
    'Remote Failures': 0,
    'Diff1 Shares': machine.stratum.sharesOf(index).difficultyAccepted,
    'Proxy Type': '',
    Proxy: '',
    'Has GBT': false,
  }
}

/** The fields of a pool in cgminer 4.11. @param lastShare time of the last share by the machine's own clock @param nowS Unix time, s */
export function poolRow411(machine: AsicMachine, index: number, lastShare: number, nowS: number): Reply {
  const mined = index === machine.stratum.active
  const difficulty = mined ? machine.shareDifficulty : 0
  return {
    ...poolRowInFull(machine, index),
    Works: mined ? Math.floor(machine.uptimeS * 11.4) : 0,
    'Last Share Time': mined ? lastShare : 0,
    'Work Difficulty': difficulty,
    'Stratum Difficulty': difficulty,
    'Stratum URL': hostOf(machine.pools[index] ?? machine.pools[0]),
    'Pool Stale%': 0,
    'Bad Work': 0,
    'Current Block Height': mined ? blockHeight(nowS) : 0,
    'Current Block Version': mined ? 536870912 : 0,
  }
}

/** Counters of shares, which `summary` and `devs` have in common. */
export const workFields = ({ shares }: AsicMachine): Reply => ({
  Accepted: shares.accepted,
  Rejected: shares.rejected,
  'Difficulty Accepted': shares.difficultyAccepted,
  'Difficulty Rejected': shares.difficultyRejected,
})

/** `summary` without the hashrates, because their windows and units differ by firmware. */
export const summaryRow = (machine: AsicMachine): Reply => ({
  Elapsed: elapsed(machine),
  'Found Blocks': 0,
  ...workFields(machine),
  'Hardware Errors': hardwareErrors(machine),
  ...utility(machine),
  Discarded: Math.floor(machine.uptimeS * 60),
  Stale: 0,
  'Get Failures': 0,
  'Local Work': Math.floor(machine.uptimeS * 90),
  'Remote Failures': 0,
  'Network Blocks': Math.floor(machine.uptimeS / 600),
  'Total MH': round(machine.hashes / 1e6, 0),
  'Difficulty Stale': 0,
  'Best Share': machine.shares.best,
  'Device Hardware%': 0,
  'Device Rejected%': rejectedPercent(machine.shares),
  'Pool Rejected%': rejectedPercent(machine.shares),
  'Pool Stale%': 0,
  'Last getwork': 0,
})

/** Hashrates over cgminer's windows, MH/s. @param short name of the shortest window @param part part of the machine's hashrate */
export const rateFields = (machine: AsicMachine, short: '5s' | '30s', part = 1): Reply => ({
  'MHS av': mhs(averageHs(machine) * part),
  [`MHS ${short}`]: mhs(machine.averageHs.s5 * part),
  'MHS 1m': mhs(machine.averageHs.m1 * part),
  'MHS 5m': mhs(machine.averageHs.m5 * part),
  'MHS 15m': mhs(machine.averageHs.m15 * part),
})

/** Accepted shares a minute, and difficulty-1 shares a minute. */
export const utility = ({ shares, uptimeS }: AsicMachine) => {
  const minutes = Math.max(uptimeS, 1) / 60
  return {
    Utility: round(shares.accepted / minutes, 2),
    'Work Utility': round(shares.difficultyAccepted / minutes, 2),
  }
}

export const rejectedPercent = ({ difficultyAccepted, difficultyRejected }: Shares): number => {
  const all = difficultyAccepted + difficultyRejected
  return all > 0 ? round((100 * difficultyRejected) / all, 4) : 0
}

function shareFields({ stratum, shareDifficulty }: AsicMachine, pool: number): Reply {
  const shares = stratum.sharesOf(pool)
  return {
    Accepted: shares.accepted,
    Rejected: shares.rejected,
    'Difficulty Accepted': shares.difficultyAccepted,
    'Difficulty Rejected': shares.difficultyRejected,
    'Difficulty Stale': 0,
    'Last Share Difficulty': shares.lastAtS === undefined ? 0 : shareDifficulty,
    'Best Share': shares.best,
    'Pool Rejected%': rejectedPercent(shares),
  }
}

const poolStatus = ({ stratum }: AsicMachine, pool: number): string =>
  stratum.isAlive(pool) ? 'Alive' : 'Dead'

const hostOf = (pool: PoolAccount): string => new URL(pool.url).hostname
