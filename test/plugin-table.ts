import type { PluginKind } from './plugin-kinds.ts'

/** A part of a JSON Schema, as far as the tables read it. */
interface Json {
  const?: unknown
  default?: unknown
  description?: string
  properties?: Record<string, Json>
  required?: string[]
  items?: Json
  oneOf?: Json[]
  anyOf?: Json[]
}

/**
 * A kind's plug-ins as a Markdown table: name, what it does, settings. Settings that are the same for all come before the table.
 * @param schema the JSON Schema of the whole configuration, of its input
 * @param own names of the settings that a plug-in brings itself
 */
export function pluginTable(
  kind: PluginKind,
  schema: unknown,
  own: ReadonlyMap<string, readonly string[]>,
): string {
  const entry = kind.at.reduce<Json>(
    (json, step) => (step === '*' ? json.items : json.properties?.[step]) ?? {},
    schema as Json,
  )
  const options = entry.oneOf ?? entry.anyOf ?? []
  const [first] = options
  const shared = Object.keys(first?.properties ?? {}).filter(
    (setting) =>
      setting !== kind.word &&
      options.every((option) => same(option, first, setting)) &&
      ![...own.values()].some((names) => names.includes(setting)),
  )
  const rows = options.map((option) => {
    const { const: name, description = '' } = option.properties?.[kind.word] ?? {}
    const settings = Object.keys(option.properties ?? {}).filter(
      (s) => s !== kind.word && !shared.includes(s),
    )
    return [`\`${name}\``, description, settings.map((s) => shown(option, s)).join(' ')]
  })
  const above =
    first && shared.length > 0
      ? [`Every ${kind.word} also takes ${shared.map((s) => shown(first, s)).join(' ')}.`, '']
      : []
  return [...above, ...markdownTable([[kind.heading, 'What it does', 'Settings'], ...rows])].join('\n')
}

const same = (a: Json, b: Json | undefined, setting: string): boolean =>
  JSON.stringify([a.properties?.[setting], a.required?.includes(setting)]) ===
  JSON.stringify([b?.properties?.[setting], b?.required?.includes(setting)])

/** Bold where it must be set; with its default where that is a short value. */
function shown(option: Json, setting: string): string {
  if (option.required?.includes(setting)) return `**\`${setting}\`**`
  const value = option.properties?.[setting]?.default
  const short = ['string', 'number', 'boolean'].includes(typeof value) && `${value}`.length <= 40
  return short ? `\`${setting}: ${value}\`` : `\`${setting}\``
}

/** Padded as the formatter does it. */
export function markdownTable(rows: string[][]): string[] {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))
  const widths = cells[0]?.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0))) ?? []
  const line = (row: string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  const [head = '', ...body] = cells.map(line)
  return [head, line(widths.map((width) => '-'.repeat(width))), ...body]
}
