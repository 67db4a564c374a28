import type { Origin } from '../../counting/origin.ts'
import type { PrometheusSample } from '../../wire/prometheus.ts'

const NONE: ReadonlyMap<string, number> = new Map()

/** Which node a page is of: by the UUID of the GPU at each index; by its name where no GPU has one. */
export function nodeOf(samples: readonly PrometheusSample[]): Origin {
  const marks = new Map<string, string>()
  let host: string | undefined
  for (const { name, labels } of samples) {
    const index = labels.get('gpu')
    if (index === undefined || !/^dcgm_/i.test(name)) continue
    const uuid = labels.get('UUID') || labels.get('uuid')
    if (uuid) marks.set(`gpu ${index}`, uuid)
    host ??= labels.get('Hostname') || undefined
  }
  if (marks.size === 0 && host !== undefined) marks.set('host', host)
  return { marks, counters: NONE }
}
