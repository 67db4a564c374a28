import { z } from 'zod'
import { UsageError } from './errors.ts'

/**
 * A part that one file adds: a driver, a feed, a pool, a channel, an alert rule or a store. Each kind extends this by what it
 * does. Its `define...` function checks the shape of a plug-in, and an index is generated from the files.
 */
export interface Plugin<S extends z.ZodObject = z.ZodObject> {
  /** in kebab case; its file or folder and its entries in YAML have the same name */
  readonly name: string
  /** one line for help, JSON Schema and README: what it reads or does */
  readonly summary: string
  /** a strict object of the plug-in's own settings; the kind adds the common ones */
  readonly settings: S
}

/** A configured plug-in, as it stands in YAML: the word of its kind with its name, and all settings flat beside it. */
export type Entry<W extends string, C extends z.ZodRawShape> = { [K in W]: string } & z.output<
  z.ZodObject<C>
> &
  Record<string, unknown>

/**
 * The schema of one entry of YAML, such as `{ feed: mempool, name: own-node, url: ... }`. A plug-in brings its own settings, so a
 * new one changes nothing here.
 * @param word names the plug-in in YAML: driver, feed, pool, channel, rule or store
 * @param common settings that every plug-in of the kind takes; defaults may differ from one to another
 * @throws where there is no plug-in, or one has a setting with the name of a common one
 */
export function entrySchema<W extends string, P extends Plugin, C extends z.ZodRawShape>(
  word: W,
  plugins: readonly P[],
  common: (plugin: P) => C,
): z.ZodType<Entry<W, C>> {
  const [first, ...rest] = plugins.map((plugin) => optionOf(word, plugin, common(plugin)))
  if (!first) throw new Error(`there is no ${word} to choose from`)
  const union = z.discriminatedUnion(word, [first, ...rest], {
    error: ({ code }) =>
      code === 'invalid_union'
        ? `expected one of ${plugins.map(({ name }) => name).join(', ')}`
        : `expected a mapping such as { ${word}: ${plugins[0]?.name} }`,
  })
  // each branch has the common settings; the rest is known to its plug-in alone
  return union as unknown as z.ZodType<Entry<W, C>>
}

/** A plug-in's refinements, such as "clear is above raise", hold for its entries too. */
function optionOf(word: string, { name, summary, settings }: Plugin, common: z.ZodRawShape): z.ZodObject {
  const shared = { [word]: z.literal(name).describe(summary), ...common }
  for (const setting of Object.keys(settings.shape))
    if (setting in shared)
      throw new Error(`${word} ${name}: ${setting} is a setting of every ${word}; rename it`)
  const checks = (settings.def.checks ?? []) as z.core.$ZodCheck<Record<string, unknown>>[]
  return z.strictObject({ ...shared, ...settings.shape }).check(...checks)
}

/** The plug-in of an entry. @throws UsageError where there is none of this name; an entry of their schema always has one */
export function pluginNamed<P extends Plugin>(plugins: readonly P[], name: string): P {
  const found = plugins.find((plugin) => plugin.name === name)
  if (found) return found
  throw new UsageError([`${name} is not built in; use one of ${plugins.map((p) => p.name).join(', ')}`])
}
