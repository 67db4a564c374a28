/** Where in an answer a number is infinite or none at all: paths with what stands there. */
export function unfinite(value: unknown, path = ''): string[] {
  if (typeof value === 'number') return Number.isFinite(value) ? [] : [`${path}: ${value}`]
  if (value instanceof Set || value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, inner]) => unfinite(inner, `${path}/${key}`))
}
