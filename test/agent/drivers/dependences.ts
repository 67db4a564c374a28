import { existsSync } from 'node:fs'

interface Dependence {
  /** the figures that are lost or otherwise without the answer, in alphabetical order; `all`: the machine can't be read */
  figures: string
  because: string
}

/** What depends on one answer of a driver's machines: a file in `depends/` for each miner driver. */
export interface Dependences {
  /** `driver: auto` can't find it by the port of the cgminer API alone, where it shows nothing: a person names the driver */
  isNamedOnly?: true
  /** by request: what must depend on its answer. The other answers give everything else too */
  depends?: Readonly<Record<string, Dependence>>
  /** by request: why no recorded machine is asked it, though the driver declares it */
  unasked?: Readonly<Record<string, string>>
}

/** @returns none where the driver has no file */
export async function dependencesOf(driver: string): Promise<Dependences> {
  const file = new URL(`./depends/${driver}.ts`, import.meta.url)
  if (!existsSync(file)) return {}
  return ((await import(file.href)) as { default: Dependences }).default
}
