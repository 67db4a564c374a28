/** What databases and the system say, and what helps. The first that fits counts. */
const CURES: readonly [RegExp, string][] = [
  [
    /retention policy|beyond retention|outside retention/i,
    'give the retention policy of the database no end: ALTER RETENTION POLICY ... DURATION INF; nothing is lost, the agents keep their records',
  ],
  [
    /ENOSPC|EDQUOT|no space|disk (is )?full|quota exceeded/i,
    'make room on the disk of the store; the collector goes on by itself',
  ],
  [/EROFS|read-?only/i, 'make the disk or the database writable: check its mount, its rights and its disk'],
  [
    /\b401\b|\b403\b|unauthori[sz]ed|authorization|forbidden|password/i,
    'check the user and the password of the store, and that this user may write',
  ],
  [
    /database not found|\b404\b/i,
    'create the database again, or restore it from a backup; the agents keep what it has not confirmed',
  ],
  [
    /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|ECONNRESET|socket hang up|timed? ?out|no host available|not answered/i,
    'start the database, and check its address and the network to it; the collector goes on by itself',
  ],
]

/** Why a store fails, without what to do where the cure says the same. */
export function storeCause(reason: string, name = ''): string {
  const own = `; ${storeCure(reason)}`
  const why = reason.endsWith(own) ? reason.slice(0, -own.length) : reason
  return `the store ${name && `${name} `}refuses or fails: ${why}`
}

/** What to do about a store that fails. An error of perwatt's own ends with it, after a semicolon. */
export function storeCure(reason: string): string {
  const known = CURES.find(([pattern]) => pattern.test(reason))?.[1]
  if (known) return known
  const own = reason.split('; ').slice(1).join('; ')
  return (
    own ||
    'look at the log of the store and at the disk that it writes to; the agents keep their records meanwhile'
  )
}
