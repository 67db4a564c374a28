import { EXIT } from '../../protocol/kit/program.ts'
import { plain } from '../../protocol/kit/terminal.ts'
import { signalAfter } from '../../protocol/kit/timers.ts'
import type { Driver } from '../plugin/driver.ts'
import { neighbourMac } from '../polling/arp-table.ts'
import { addressesOf, countOf, covers } from './addresses.ts'
import { openConfig, updateConfig } from './config-update.ts'
import { ProgressLine, type ProgressStream } from './progress.ts'
import { findingLines, machineTable } from './report.ts'
import { parseOptions, type ScanOptions } from './scan-options.ts'
import { type Found, portsOf, sweep } from './sweep.ts'

/** Where a scan prints. */
export interface ScanOutput {
  /** the machines that were found, and what was written */
  out: ProgressStream
  /** progress and problems */
  err: ProgressStream
}

/** 16 million silent addresses would take longer than anybody waits. */
const SCAN_MS = 24 * 3_600_000

/**
 * Finds the miners at these addresses, prints them and, with `write`, adds them to a configuration.
 * @returns the exit status: 1 where no miner was found
 * @throws UsageError before anything is sent; PerwattError where the configuration can't be written
 */
export async function scan(
  addresses: readonly string[],
  options: ScanOptions,
  drivers: readonly Driver[],
  output: ScanOutput,
): Promise<number> {
  const { ranges, knockMs, answerMs, settings, web, placeOf } = parseOptions(addresses, options)
  const config = options.write === undefined ? undefined : await openConfig(options.write, options, drivers)
  const progress = new ProgressLine(output.err, countOf(ranges))
  const found = await sweep({
    addresses: addressesOf(ranges),
    minerPorts: { port: options.port, webPort: options.webPort },
    drivers,
    ...(web ? { web } : {}),
    atOnce: options.atOnce,
    knockMs,
    answerMs,
    macOf: neighbourMac,
    onProgress: (p) => progress.show(p),
    signal: signalAfter(SCAN_MS),
  })
  progress.end()
  print(found, countOf(ranges), output)
  if (config) {
    const scanned = (address: string) => covers(ranges, address)
    const lines = updateConfig(config, found, settings, { ports: portsOf(options), placeOf, scanned })
    if (lines.length > 0) output.out.write(`\n${lines.map(plain).join('\n')}\n`)
  }
  return found.some((m) => m.driver !== undefined) ? EXIT.done : EXIT.failed
}

function print(found: readonly Found[], addresses: number, { out, err }: ScanOutput): void {
  const machines = found.filter((m) => m.driver !== undefined)
  if (machines.length > 0) out.write(`${machineTable(machines)}\n`)
  for (const line of findingLines(found, addresses)) err.write(`${plain(line)}\n`)
}
