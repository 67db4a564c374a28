import type { Owner } from '../../protocol/owner.ts'

/** What is known about a tenant. */
export interface OwnerFacts {
  owner: Owner
  /** false: a source did not answer or lags behind, so ask again later */
  complete: boolean
}

/** An owner of those facts that have a value, each cut to the protocol's 256 characters (protocol/owner.ts). */
export function ownerOf(facts: Readonly<Record<string, string | undefined>>): Owner {
  const owner: Owner = {}
  for (const [name, value] of Object.entries(facts)) {
    const text = value?.trim().slice(0, 256)
    if (text) owner[name] = text
  }
  return owner
}

/** The chosen labels as facts: `app.kubernetes.io/name` becomes `label.app.kubernetes.io.name`. */
export function labelFacts(
  labels: Readonly<Record<string, string>> | null | undefined,
  chosen: readonly string[],
): Record<string, string | undefined> {
  return Object.fromEntries(
    chosen.map((name) => [`label.${name.replace(/[^A-Za-z0-9.]/g, '.')}`.slice(0, 64), labels?.[name]]),
  )
}
