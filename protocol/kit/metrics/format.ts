import { type Family, sampleName } from './family.ts'

/** The two texts that Prometheus and its relatives read. */
export type Format = 'openmetrics' | 'prometheus'

export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
}

/** The text that a client prefers by its Accept header (RFC 9110, 12.5.1); a browser and `curl` get Prometheus' text. */
export function formatFor(accept: string | undefined): Format {
  let open = 0
  let plain = 0
  for (const part of (accept ?? '').split(',')) {
    const [range = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
    const of = (name: string) =>
      parameters
        .find((p) => p.startsWith(`${name}=`))
        ?.slice(name.length + 1)
        .replaceAll('"', '')
    const q = Number(of('q') ?? 1)
    if (range === 'application/openmetrics-text' && (of('version') ?? '1.0.0') === '1.0.0')
      open = Math.max(open, q)
    else if (['text/plain', 'text/*', '*/*'].includes(range)) plain = Math.max(plain, q)
  }
  return open > 0 && open >= plain ? 'openmetrics' : 'prometheus'
}

/** Whether an answer may be compressed with gzip by this Accept-Encoding header (RFC 9110, 12.5.3). */
export function takesGzip(header: string | undefined): boolean {
  let any: boolean | undefined
  for (const part of (header ?? '').split(',')) {
    const [coding = '', quality] = part.split(';').map((text) => text.trim().toLowerCase())
    const accepted = !/^q=0(\.0*)?$/.test(quality ?? '')
    if (coding === 'gzip' || coding === 'x-gzip') return accepted
    if (coding === '*') any = accepted
  }
  return any ?? false
}

/** What comes before the samples of a family. */
export function headOf(family: Family, format: Format): string {
  const { name, type, help, unit } = family
  if (format === 'openmetrics')
    return `# TYPE ${name} ${type}\n${unit === undefined ? '' : `# UNIT ${name} ${unit}\n`}# HELP ${name} ${escaped(help)}\n`
  const shown = sampleName(family)
  return `# HELP ${shown} ${help.replace(/[\\\n]/g, escapedChar)}\n# TYPE ${shown} ${type === 'info' ? 'gauge' : type}\n`
}

/** What ends the page. */
export const endOf = (format: Format): string => (format === 'openmetrics' ? '# EOF\n' : '')

const escapedChar = (c: string): string => (c === '\n' ? '\\n' : `\\${c}`)
/** The text of a label value between its quotes: both formats escape the same three characters there. */
const escaped = (text: string): string => text.replace(/[\\"\n]/g, escapedChar)

/** Labels in their braces; nothing where there are none. An empty value is an absent label in Prometheus, and is left out. */
export function labelText(names: readonly string[], values: readonly string[], more = ''): string {
  const pairs = names.flatMap((name, i) => (values[i] ? `${name}="${escaped(values[i])}"` : []))
  if (more !== '') pairs.push(more)
  return pairs.length > 0 ? `{${pairs.join(',')}}` : ''
}

/** A number as both formats read it; what is no number is never written, because unknown is absent. */
export const numberText = (value: number): string =>
  value === Number.POSITIVE_INFINITY ? '+Inf' : value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)

/** A bound of a bucket. OpenMetrics 1.0 wants the same text for the same number: `1.0`, not `1`. */
export const boundText = (value: number): string =>
  Number.isInteger(value) ? `${value}.0` : numberText(value)
