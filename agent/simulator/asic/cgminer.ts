import type { AsicMachine, PoolAccount } from './machine.ts'

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

/** What every family says of the shares at one pool; only the first pool is mined at. */
export function shareFields(machine: AsicMachine, pool: number): Reply {
  const { shares } = machine
  const mined = pool === 0
  return {
    Accepted: mined ? shares.accepted : 0,
    Rejected: mined ? shares.rejected : 0,
    'Difficulty Accepted': mined ? shares.difficultyAccepted : 0,
    'Difficulty Rejected': mined ? shares.difficultyRejected : 0,
    'Difficulty Stale': 0,
    'Last Share Difficulty': mined && shares.lastAtS !== undefined ? machine.shareDifficulty : 0,
    'Best Share': mined ? shares.best : 0,
    'Pool Rejected%': mined ? rejectedPercent(machine) : 0,
  }
}

export const rejectedPercent = ({ shares }: AsicMachine): number => {
  const all = shares.difficultyAccepted + shares.difficultyRejected
  return all > 0 ? round((100 * shares.difficultyRejected) / all, 4) : 0
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

export const hostOf = (pool: PoolAccount): string => new URL(pool.url).hostname

/** Unix time of the last share, s; 0 before the first, as the machines write it. */
export const lastShareAt = (machine: AsicMachine, nowS: number): number =>
  machine.shares.lastAtS === undefined ? 0 : Math.floor(nowS - machine.uptimeS + machine.shares.lastAtS)

/** About the chain's height: it was 840000 on 2024-04-20 and grows by one in 600 s. */
export const blockHeight = (nowS: number): number => 840_000 + Math.floor((nowS - 1_713_571_767) / 600)
