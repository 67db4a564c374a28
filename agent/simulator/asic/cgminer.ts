import type { AsicMachine } from './machine.ts'
import type { PoolAccount, Shares } from './stratum.ts'

/** A reply of the cgminer family: sections of objects beside STATUS, or one object (Whatsminer's own commands). */
export type Reply = Record<string, unknown>

/** How one family answers on TCP 4028. */
export interface Dialect {
  /** the reply to a command; undefined where the family has no such command */
  reply(machine: AsicMachine, command: string, nowS: number): Reply | undefined
  /** what `version` and every STATUS call the program */
  description(machine: AsicMachine): string
  /** the reply as the machine writes it, quirks and terminator included */
  encode(machine: AsicMachine, reply: Reply, form: 'json' | 'text', command: string): string
}

/** A reply with one section of objects, in cgminer's envelope. */
export const sectionReply = (
  section: string,
  items: readonly Reply[],
  status: { code: number; message: string; description: string; nowS: number },
): Reply => ({
  STATUS: [
    {
      STATUS: 'S',
      When: status.nowS,
      Code: status.code,
      Msg: status.message,
      Description: status.description,
    },
  ],
  [section]: items,
  id: 1,
})

/** cgminer's refusal: code 14 an unknown command, 23 a request that is not JSON. */
export const errorReply = (code: 14 | 23, description: string, nowS: number): Reply => ({
  STATUS: [
    {
      STATUS: 'E',
      When: nowS,
      Code: code,
      Msg: code === 14 ? 'Invalid command' : 'Invalid JSON',
      Description: description,
    },
  ],
  id: 1,
})

/** cgminer's other form: `STATUS=S,When=1|SUMMARY,Elapsed=1,...|`. An object that begins with its own index has no name. */
export function toText(reply: Reply): string {
  let text = ''
  for (const [section, items] of Object.entries(reply)) {
    if (!Array.isArray(items)) continue
    for (const item of items as Reply[]) {
      const pairs = Object.entries(item).map(([key, value]) => `${key}=${String(value)}`)
      const indexed = ['STATUS', 'STATS', 'POOL', 'ASC'].includes(Object.keys(item)[0] ?? '')
      text += `${indexed ? '' : `${section},`}${pairs.join(',')}|`
    }
  }
  return text
}

export const round = (value: number, digits: number): number => Number(value.toFixed(digits))

/** What every family says of the shares at one pool. */
export function shareFields({ stratum, shareDifficulty }: AsicMachine, pool: number): Reply {
  const shares = stratum.sharesOf(pool)
  return {
    Accepted: shares.accepted,
    Rejected: shares.rejected,
    'Difficulty Accepted': shares.difficultyAccepted,
    'Difficulty Rejected': shares.difficultyRejected,
    'Difficulty Stale': 0,
    'Last Share Difficulty': shares.lastAtS === undefined ? 0 : shareDifficulty,
    'Best Share': shares.best,
    'Pool Rejected%': percentRejected(shares),
  }
}

/** What all of the family say of a pool; the makers' own firmwares add more. */
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

export const rejectedPercent = ({ shares }: AsicMachine): number => percentRejected(shares)

function percentRejected({ difficultyAccepted, difficultyRejected }: Shares): number {
  const all = difficultyAccepted + difficultyRejected
  return all > 0 ? round((100 * difficultyRejected) / all, 4) : 0
}

/** Accepted shares a minute, and difficulty-1 shares a minute. */
export const utility = ({ shares, uptimeS }: AsicMachine) => {
  const minutes = Math.max(uptimeS, 1) / 60
  return {
    Utility: round(shares.accepted / minutes, 2),
    'Work Utility': round(shares.difficultyAccepted / minutes, 2),
  }
}

export const hardwareErrors = (machine: AsicMachine): number =>
  Math.floor(machine.boards.reduce((sum, b) => sum + b.hardwareErrors, 0))

export const elapsed = (machine: AsicMachine): number => Math.floor(machine.uptimeS)

/** Average since the start, H/s. */
export const averageHs = (machine: AsicMachine): number => machine.hashes / Math.max(machine.uptimeS, 1)

/** `Alive` or `Dead`, as every family calls a pool that answers or doesn't. */
export const poolStatus = ({ stratum }: AsicMachine, pool: number): string =>
  stratum.isAlive(pool) ? 'Alive' : 'Dead'

export const hostOf = (pool: PoolAccount): string => new URL(pool.url).hostname

/** Unix time of the last share, s; 0 before the first, as the machines write it. */
export const lastShareAt = (machine: AsicMachine, nowS: number): number =>
  machine.shares.lastAtS === undefined ? 0 : Math.floor(nowS - machine.uptimeS + machine.shares.lastAtS)

/** About the chain's height: it was 840000 on 2024-04-20 and grows by one in 600 s. */
export const blockHeight = (nowS: number): number => 840_000 + Math.floor((nowS - 1_713_571_767) / 600)
