import { afterEach } from 'vitest'
import type { Driver } from '../../agent/plugin/driver.ts'
import type { Reading } from '../../agent/plugin/reading.ts'
import { soon } from './asic-harness.ts'
import { type FramedMachine, type FramedOptions, startFramedMachine } from './framed-machine.ts'
import { startWebMachine, type WebMachine } from './web-machine.ts'

const running: { close(): Promise<void> }[] = []

/** Call once in a test file: closes what `webMachine` and `framedMachine` started. */
export function closeMachines(): void {
  afterEach(async () => {
    await Promise.all(running.splice(0).map((machine) => machine.close()))
  })
}

export async function webMachine(answers: WebMachine['answers']): Promise<WebMachine> {
  const machine = await startWebMachine(answers)
  running.push(machine)
  return machine
}

export async function framedMachine(options: FramedOptions): Promise<FramedMachine> {
  const machine = await startFramedMachine(options)
  running.push(machine)
  return machine
}

/** Files named after their page: `api_system_info` is `/api/system/info`. */
export const pages = (files: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`/${name.replaceAll('_', '/')}`, text]))

/** One reading from a machine that listens there. */
export async function readAt(
  driver: Driver,
  { host, port }: { host: string; port: number },
  settings: Record<string, unknown> = {},
): Promise<Reading> {
  const session = driver.open({ id: 'm1', host, options: driver.settings.parse({ ...settings, port }) })
  try {
    const [reading] = await session.read(soon())
    if (!reading) throw new Error('the driver gave no reading')
    return reading
  } finally {
    session.close?.()
  }
}

/** A recorded page with a part of it set otherwise. */
export function changed(text: string | undefined, change: (body: never) => void): string {
  const body = JSON.parse(text ?? '') as never
  change(body)
  return JSON.stringify(body)
}
