/** Where machines mine, by the pool addresses of their owners: a worker may mine under one name at several pools, and each credits its part. */

/** Work of one owner, difficulty-1 shares. */
export interface OwnerShare {
  owner: string
  workDiff1: number
  estimatedWorkDiff1: number
}

/** Domains of the hosts that machines mine at. */
export interface PoolDomains {
  /** this pool's; empty: not known */
  own: readonly string[]
  /** other pools': nothing that is mined there is credited here */
  others: readonly string[]
}

/** Where no domain of any pool is known. */
export const NO_DOMAINS: PoolDomains = { own: [], others: [] }

/** An address that names no pool: a proxy's, which may lead to any. */
const NO_NAME = ''

/** The domain of an owner's pool, `viabtc.io` of `stratum+tcp://btc.viabtc.io:3333`; empty where its address names none. */
export function domainOf(owner: string): string {
  const [, url = ''] = /(?:^|;)poolUrl=([^;]*)/s.exec(owner) ?? []
  const host = url
    .replace(/^[a-z0-9+.-]*:\/\//i, '')
    .replace(/[/?#].*$/s, '')
    .replace(/:\d+$/, '')
    .toLowerCase()
  const labels = host.replace(/\.$/, '').split('.')
  const last = labels.at(-1) ?? ''
  const isPublic = labels.length > 1 && /^[a-z]/.test(last) && !LOCAL.has(last) && !host.includes('[')
  return isPublic ? labels.slice(-2).join('.') : NO_NAME
}
const LOCAL: ReadonlySet<string> = new Set([
  'local',
  'lan',
  'internal',
  'home',
  'localdomain',
  'intranet',
  'arpa',
])

/** The owners of one worker by where they mine. */
export interface Places<T> {
  /** at this pool */
  own: T[]
  /** elsewhere; which of it is at this pool can't be known */
  other: T[]
}

/**
 * Divides the owners of each worker. Those at a domain of the pool are its own. Where nobody mines at one, the pool has a name that is not known:
 * then of a worker with several places any may be it, and the smallest is taken for its own; a worker at one place alone mines at this pool, unless
 * most work of all is at another one. A domain of another pool is never its own.
 */
export function divided<T extends OwnerShare>(
  workers: ReadonlyMap<string, readonly T[]>,
  domains: PoolDomains = NO_DOMAINS,
): Map<string, Places<T>> {
  const all = new Map([...workers].map(([worker, owners]) => [worker, byDomain(owners)]))
  const totals = new Map<string, number>()
  for (const places of all.values())
    for (const [domain, owners] of places) totals.set(domain, (totals.get(domain) ?? 0) + workOf(owners))
  const known = domains.own.filter((domain) => totals.has(domain))
  const isElsewhere = (domain: string) => domains.others.includes(domain)
  const [most] =
    [...totals]
      .filter(([domain]) => domain !== NO_NAME && !isElsewhere(domain))
      .sort((a, b) => b[1] - a[1])[0] ?? []
  const divide = (places: ReadonlyMap<string, T[]>): Places<T> => {
    const possible = new Map([...places].filter(([domain]) => !isElsewhere(domain)))
    const isOwn = ([domain]: readonly [string, T[]]) =>
      known.length > 0
        ? known.includes(domain)
        : places.size > 1
          ? domain === smallest(possible)
          : domain === most
    const entries = [...places]
    // an address without a name that is a worker's only one is this pool's proxy
    const own = entries.filter((entry) => isOwn(entry) || (places.size === 1 && entry[0] === NO_NAME))
    const of = (some: typeof entries) => some.flatMap(([, owners]) => owners)
    return { own: of(own), other: of(entries.filter((entry) => !own.includes(entry))) }
  }
  return new Map([...all].map(([worker, places]) => [worker, divide(places)]))
}

export const workOf = (owners: readonly OwnerShare[]): number =>
  owners.reduce((sum, own) => sum + own.workDiff1 + own.estimatedWorkDiff1, 0)

function byDomain<T extends OwnerShare>(owners: readonly T[]): Map<string, T[]> {
  const places = new Map<string, T[]>()
  for (const own of owners) {
    const domain = domainOf(own.owner)
    places.set(domain, [...(places.get(domain) ?? []), own])
  }
  return places
}

const smallest = (places: ReadonlyMap<string, readonly OwnerShare[]>): string | undefined =>
  [...places].sort((a, b) => workOf(a[1]) - workOf(b[1]))[0]?.[0]
