/** What a metric family holds. An `info` is a text that belongs to something, as labels of a constant 1. */
type FamilyType = 'gauge' | 'counter' | 'histogram' | 'info'

/** One metric family of a `/metrics` page, as it is declared: the page, its checks and the README's table are made from it. */
export interface Family {
  /** without `_total` of a counter and `_info` of an info */
  readonly name: string
  readonly type: FamilyType
  /** in one line, without a full stop */
  readonly help: string
  /** names of its labels, in their order on the page */
  readonly labels: readonly string[]
  /** the end of its name, in full words: `watts`, `usd_per_hour`; absent: it counts things */
  readonly unit?: string
}

interface More {
  labels?: readonly string[]
  unit?: string
}

const familyOf = (type: FamilyType, name: string, help: string, { labels = [], unit }: More): Family => {
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name)) throw new Error(`${name} is no metric name in snake case`)
  // OpenMetrics 1.0: "if non-empty, it MUST be a suffix of the MetricFamily name separated by an underscore"
  if (unit !== undefined && !name.endsWith(`_${unit}`))
    throw new Error(`${name} does not end with its unit ${unit}`)
  if (type === 'counter' && name.endsWith('_total'))
    throw new Error(`${name}: a counter gets its _total by itself`)
  return { name, type, help, labels, ...(unit === undefined ? {} : { unit }) }
}

export const gauge = (name: string, help: string, more: More = {}): Family =>
  familyOf('gauge', name, help, more)
export const counter = (name: string, help: string, more: More = {}): Family =>
  familyOf('counter', name, help, more)
export const histogram = (name: string, help: string, more: More = {}): Family =>
  familyOf('histogram', name, help, more)
export const info = (name: string, help: string, labels: readonly string[]): Family =>
  familyOf('info', name, help, { labels })

/** The name that its samples have on the page; those of a histogram have another ending each. */
export const sampleName = ({ name, type }: Family): string =>
  type === 'counter' ? `${name}_total` : type === 'info' ? `${name}_info` : name
