/** A quantity of nvidia-smi, with or without its unit: `631.95 W`, `81559 MiB`; not `[N/A]`, `ERR!` or `[GPU is lost]`. */
const NUMBER = /^(-?\d+(?:\.\d+)?)(?: *(W|MiB|MHz|%|C))?$/
const UNITS: Readonly<Record<string, number>> = { W: 1, MiB: 2 ** 20, MHz: 1e6, C: 1 }

/**
 * The value in the base unit, undefined where the text is no number.
 * @param unit the unit of a number without one; a number with another stands in a place that is not its own, and is none
 */
export function quantity(
  text: string | undefined,
  unit: 'W' | 'MiB' | 'MHz' | '%' | 'C' | '' = '',
): number | undefined {
  const match = NUMBER.exec(text?.trim() ?? '')
  if (!match) return undefined
  const found = match[2] ?? unit
  if (found !== unit) return undefined
  // divided, because 0.01 has no exact binary form
  return found === '%' ? Number(match[1]) / 100 : Number(match[1]) * (UNITS[found] ?? 1)
}

/** A name; undefined where nvidia-smi writes one of its placeholders for "none". */
export function name(text: string | undefined): string | undefined {
  const trimmed = text?.trim() ?? ''
  return trimmed === '' ||
    /^\[?(N\/A|Unknown Error|Not Supported|Insufficient Permissions)\]?$|^\[/.test(trimmed)
    ? undefined
    : trimmed
}

/** The first value that says that the GPU is lost, or needs a reset before it computes again. */
export const lostIn = (texts: readonly string[]): string | undefined =>
  texts.find((text) => /GPU is lost|requires reset/i.test(text))?.replace(/^\[|\]$/g, '')

/** A fault with the action that the driver recommends: `Reset`, `Reboot`, `Drain P2P` ...; empty for `None` or no value. */
export const recovery = (text: string | undefined): string[] => {
  const action = name(text)
  return action === undefined || action === 'None' ? [] : [`the driver recommends: ${action}`]
}
