/**
 * The most similar of several rows.
 * @param groups from the most to the least similar; the first that has rows counts
 * @returns the row whose name has the longest beginning in common with `name`; undefined where no group has rows
 */
export function nearest<T extends { name: string }>(
  name: string,
  groups: readonly (readonly T[])[],
): T | undefined {
  const rows = groups.find((group) => group.length > 0) ?? []
  return rows.reduce<T | undefined>(
    (best, row) => (best && inCommon(best.name, name) >= inCommon(row.name, name) ? best : row),
    undefined,
  )
}

function inCommon(a: string, b: string): number {
  let n = 0
  while (n < a.length && a[n] === b[n]) n++
  return n
}
