/** What nvidia-smi writes for a quantity, with or without its unit: `631.95 W`, `81559 MiB`, `[N/A]`, `ERR!`, `[GPU is lost]`. */
const NUMBER = /^(-?\d+(?:\.\d+)?)(?: *(W|MiB|MHz|%|C))?$/
const UNITS: Readonly<Record<string, number>> = { W: 1, MiB: 2 ** 20, MHz: 1e6, C: 1 }

/** The value in the base unit; `unit` is what a bare number is in. Words are no value. */
export function quantity(
  text: string | undefined,
  unit: 'W' | 'MiB' | 'MHz' | '%' | 'C' | '' = '',
): number | undefined {
  const match = NUMBER.exec(text?.trim() ?? '')
  if (!match) return undefined
  const found = match[2] ?? unit
  // divided, for 0.01 is no number of a computer
  return found === '%' ? Number(match[1]) / 100 : Number(match[1]) * (UNITS[found] ?? 1)
}

/** A name, where it isn't one of nvidia-smi's words for none. */
export function name(text: string | undefined): string | undefined {
  const trimmed = text?.trim() ?? ''
  return trimmed === '' ||
    /^\[?(N\/A|Unknown Error|Not Supported|Insufficient Permissions)\]?$|^\[/.test(trimmed)
    ? undefined
    : trimmed
}

/** Where any value says that the GPU is gone, or computes nothing until it is reset. */
export const lostIn = (texts: readonly string[]): string | undefined =>
  texts.find((text) => /GPU is lost|requires reset/i.test(text))?.replace(/^\[|\]$/g, '')

/** `Reset`, `Reboot`, `Drain P2P` ...: what the driver itself recommends; `None` and no value are nothing. */
export const recovery = (text: string | undefined): string[] => {
  const action = name(text)
  return action === undefined || action === 'None' ? [] : [`the driver recommends: ${action}`]
}
