/** What a pool lists for one worker over a time; `worker` is `account.worker`, or the worker alone. */
export interface CreditedWorker {
  worker: string
  workDiff1?: number | undefined
  hashrateHs?: number | undefined
}

/**
 * Pool users of the ledger with what the pool lists for them. One user and one entry: it is clear whose credit it is. No entry: the
 * pool does not list the user. Else it can't be known who of them has which credit; only their sums can be compared.
 */
export interface NameMatch {
  users: string[]
  credits: CreditedWorker[]
}

/** True where it is clear whose credit it is. */
export const isClear = ({ users, credits }: NameMatch): boolean => users.length === 1 && credits.length === 1

/** The part of a pool user's name behind its account; a worker's name may have dots too. */
const workerOf = (user: string): string => user.slice(user.indexOf('.') + 1)

/** Some pools write names in small letters. */
const fold = (name: string): string => name.trim().toLowerCase()

/**
 * Matches pool users with a pool's list. An entry can be a user's where it is the whole name, or the whole of what stands behind the
 * account: a pool that lists workers alone writes `rack1.07` for `acme.rack1.07`, and that is never `acme.07`. Capitals tell names
 * apart only where the pool keeps them. Each user is in one match.
 */
export function matchNames(users: Iterable<string>, credits: readonly CreditedWorker[]): NameMatch[] {
  const listed = new Map<string, CreditedWorker[]>()
  for (const credit of credits) push(listed, fold(credit.worker), credit)
  const creditsOf = new Map([...users].map((user) => [user, entriesOf(user, listed)]))
  const usersOf = new Map<CreditedWorker, string[]>()
  for (const [user, own] of creditsOf) for (const credit of own) push(usersOf, credit, user)
  const matches: NameMatch[] = []
  const seen = new Set<string>()
  for (const user of creditsOf.keys()) {
    if (seen.has(user)) continue
    seen.add(user)
    const match: NameMatch = { users: [user], credits: [] }
    const found = new Set<CreditedWorker>()
    // whoever may have the same credit joins; the list grows while it is read
    for (const member of match.users)
      for (const credit of creditsOf.get(member) ?? []) {
        found.add(credit)
        for (const other of usersOf.get(credit) ?? [])
          if (!seen.has(other)) {
            seen.add(other)
            match.users.push(other)
          }
      }
    matches.push({ users: match.users, credits: [...found] })
  }
  return matches
}

function entriesOf(user: string, listed: ReadonlyMap<string, CreditedWorker[]>): CreditedWorker[] {
  const found = [user, workerOf(user)].flatMap((name) => {
    const alike = listed.get(fold(name)) ?? []
    const exact = alike.filter((credit) => credit.worker === name)
    return exact.length > 0 ? exact : alike
  })
  return [...new Set(found)]
}

function push<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key)
  if (list) list.push(value)
  else lists.set(key, [value])
}
